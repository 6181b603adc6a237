import { expect, test } from "vitest";
import { isFarOff, measureOffset } from "../../src/core/clock-offset.ts";

const start = 1_700_000_000_000;

/** Measures a database's clock, `ahead` of this one's, which answers after two waits. */
async function measured({ ahead = 0, there = 0, back = 0, step = 0 }) {
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
  return measureOffset(
    databaseClock,
    () => wall,
    () => steady,
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
