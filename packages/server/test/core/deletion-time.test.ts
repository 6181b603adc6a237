import { expect, test } from "vitest";
import { DeletionTime } from "../../src/core/deletion-time.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = 1_700_000_000_000;

function world(record = { seenAt: start, leaps: [] }) {
  let [clock, steady] = [start, 0];
  const time = new DeletionTime(() => steady, record);
  return {
    time,
    /** The deletion time after a step, relative to the start. @param ms elapsed time */
    after(ms: number, step = 0): number {
      steady += ms;
      clock += ms + step;
      return time.read(clock) - start;
    },
  };
}

test("deletions follow a clock that agrees with elapsed time", () => {
  const { after, time } = world();
  for (let turn = 1; turn <= 100; turn++) expect(after(minute)).toBe(turn * minute);
  expect(time.lag).toBe(0);
});

test("a leap is left out until the clock has kept it for a day", () => {
  const { after, time } = world();
  expect(after(minute, 2 * hour)).toBe(minute);
  expect(after(day - 1)).toBe(minute + day - 1);
  expect(time.lag).toBe(2 * hour);
  expect(after(1)).toBe(minute + day + 2 * hour);
});

test("a step back cancels a leap of the same size", () => {
  const { after, time } = world();
  after(minute, 100 * day);
  expect(after(minute, -100 * day)).toBe(2 * minute);
  expect(time.lag).toBe(0);
});

test("a step back cancels the newest leaps first, and counts at once", () => {
  const { after, time } = world();
  after(minute, 2 * hour);
  after(hour, 3 * hour);
  after(hour, -4 * hour);
  expect(time.record.leaps).toEqual([{ ms: hour, keptFor: 2 * hour }]);
  expect(after(0, -3 * hour)).toBe(minute + 2 * hour - 2 * hour);
  expect(time.lag).toBe(0);
});

test("many small steps count like one leap", () => {
  const { after, time } = world();
  for (let turn = 0; turn < 120; turn++) after(minute, minute - 1000);
  expect(time.lag).toBeGreaterThan(110 * minute);
});

test("a drift within the range of NTP does not count as a leap", () => {
  const { after, time } = world();
  for (let turn = 0; turn < 10_000; turn++) after(minute, minute * 0.0004);
  expect(time.lag).toBe(0);
});

test("the time of a stop is a leap that a later process waits out", () => {
  const first = world({ seenAt: start - 100 * day, leaps: [] });
  expect(first.after(0)).toBe(-100 * day);
  expect(first.time.lag).toBe(100 * day);
  const { seenAt, leaps } = first.time.record;
  const second = new DeletionTime(() => 0, {
    seenAt,
    leaps: leaps.map((one) => ({ ...one, keptFor: day - 1 })),
  });
  expect(second.lag).toBe(first.time.lag);
  expect(second.read(seenAt + 10)).toBe(seenAt + 10 - first.time.lag);
});
