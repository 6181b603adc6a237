import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ReleaseGroup } from "../../src/core/release-group.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Joins a group of three again and again, with so many coming after each; tells who went on. */
function crowd() {
  const group = new ReleaseGroup({ size: 3, patienceMs: 100 });
  const released: number[] = [];
  let joined = 0;
  return {
    released,
    async join(coming: number) {
      const number = joined++;
      void group.join(coming).then(() => released.push(number));
      await Promise.resolve();
    },
  };
}

test("who comes alone, or with too few to make a group, goes on at once", async () => {
  const { join, released } = crowd();
  await join(0);
  await join(1);
  expect(released).toEqual([0, 1]);
});

test("in a crowd a group goes on together, in the order of arrival", async () => {
  const { join, released } = crowd();
  await join(9);
  await join(8);
  expect(released).toEqual([]);
  await join(7);
  expect(released).toEqual([0, 1, 2]);
});

test("the last of a crowd take along who was held for them", async () => {
  const { join, released } = crowd();
  await join(2);
  expect(released).toEqual([]);
  await join(0);
  expect(released).toEqual([0, 1]);
});

test("nobody is held for longer than the patience, and a new group has its own", async () => {
  const { join, released } = crowd();
  await join(9);
  await vi.advanceTimersByTimeAsync(60);
  await join(9);
  await vi.advanceTimersByTimeAsync(40);
  expect(released).toEqual([0, 1]);
  await join(9);
  await vi.advanceTimersByTimeAsync(99);
  expect(released).toEqual([0, 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(released).toEqual([0, 1, 2]);
  expect(vi.getTimerCount()).toBe(0);
});

test("whatever comes, everyone goes on once and in order, and no timer is left", async () => {
  const arrival = fc.record({ coming: fc.nat(6), later: fc.nat(150) });
  await fc.assert(
    fc.asyncProperty(fc.array(arrival), async (arrivals) => {
      const { join, released } = crowd();
      for (const { coming, later } of arrivals) {
        await join(coming);
        await vi.advanceTimersByTimeAsync(later);
      }
      await vi.advanceTimersByTimeAsync(100);
      expect(released).toEqual(arrivals.map((_, index) => index));
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});
