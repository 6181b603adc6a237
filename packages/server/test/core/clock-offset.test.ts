import { expect, test } from "vitest";
import { isFarOff, measureOffset, shownOffset } from "../../src/core/clock-offset.ts";

const start = 1_700_000_000_000;

/**
 * Measures a database's clock, `ahead` of this one's, which answers after two waits.
 *
 * @param pause how long this process stands still after each reading of a clock of its own, in milliseconds
 */
async function measured({ ahead = 0, there = 0, back = 0, step = 0, pause = 0 }) {
  let wall = start;
  let steady = 0;
  const wait = (ms: number) => {
    wall += ms;
    steady += ms;
  };
  const databaseClock = async () => {
    wait(there);
    const reading = wall + ahead;
    wait(back);
    wall += step;
    return reading;
  };
  const paused = (reading: number) => {
    wait(pause);
    return reading;
  };
  return measureOffset(
    databaseClock,
    () => paused(wall),
    () => paused(steady),
  );
}

test("an answer in the middle of the round trip is measured exactly", async () => {
  expect(await measured({ ahead: -700, there: 40, back: 40 })).toMatchObject({
    offset: 700,
    uncertainty: 40,
  });
});

test.each([
  [0, 90],
  [90, 0],
])(
  "a pause between two readings is part of the uncertainty: %i ms there, %i ms back",
  async (there, back) => {
    const { offset, uncertainty } = await measured({ ahead: -700, there, back, pause: 200 });
    expect(Math.abs(offset - 700)).toBeLessThanOrEqual(uncertainty);
  },
);

test.each([
  [0, 90],
  [90, 0],
  [10, 80],
])("a round trip of %i ms and %i ms errs by no more than its uncertainty", async (there, back) => {
  const { offset, uncertainty } = await measured({ ahead: 5_000, there, back });
  expect(uncertainty).toBe(45);
  expect(Math.abs(offset + 5_000)).toBeLessThanOrEqual(uncertainty);
});

test("a step of the wall clock in the round trip changes no measurement", async () => {
  expect(await measured({ there: 5, back: 5, step: -3_600_000 })).toMatchObject({
    offset: 0,
    uncertainty: 5,
  });
});

test.each([
  [2_000, 0, false],
  [2_001, 0, true],
  [-2_001, 0, true],
  [-2_500, 600, false],
  [2_700, 600, true],
])("an offset of %i ms, measured to within %i ms, is far off: %s", (offset, uncertainty, farOff) => {
  expect(isFarOff({ offset, uncertainty, databaseTime: start })).toBe(farOff);
});

test.each([
  [3_599_997.8, 0.2, "3599.998 seconds, measured to within 0.002"],
  [-0.3, 0.3, "0.000 seconds, measured to within 0.002"],
  [-12, 0, "-0.012 seconds, measured to within 0.001"],
  [700, 40, "0.700 seconds, measured to within 0.041"],
  [0, 1_250.5, "0.000 seconds, measured to within 1.252"],
])("an offset of %d ms with an uncertainty of %d ms is shown with a bound", (offset, uncertainty, line) => {
  expect(shownOffset({ offset, uncertainty, databaseTime: start })).toBe(line);
});
