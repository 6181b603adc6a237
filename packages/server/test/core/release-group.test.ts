import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ReleaseGroup } from "../../src/core/passwords/release-group.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Joins a batch of three again and again, and records the order of release. */
function testGroup() {
  const group = new ReleaseGroup({ size: 3, timeoutMs: 100 });
  const released: number[] = [];
  let joined = 0;
  return {
    released,
    async join(waiting: number) {
      const number = joined++;
      void group.join(waiting).then(() => released.push(number));
      await Promise.resolve();
    },
  };
}

test("a hash is released at once if too few wait to fill the batch", async () => {
  const { join, released } = testGroup();
  await join(0);
  await join(1);
  expect(released).toEqual([0, 1]);
});

test("a full batch is released together, in the order of arrival", async () => {
  const { join, released } = testGroup();
  await join(9);
  await join(8);
  expect(released).toEqual([]);
  await join(7);
  expect(released).toEqual([0, 1, 2]);
});

test("the last hash of a queue releases the held ones", async () => {
  const { join, released } = testGroup();
  await join(2);
  expect(released).toEqual([]);
  await join(0);
  expect(released).toEqual([0, 1]);
});

test("a batch is released at its timeout, and the next batch has its own", async () => {
  const { join, released } = testGroup();
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

test("every hash is released once and in order, and no timer is left", async () => {
  const arrival = fc.record({ waiting: fc.nat(6), later: fc.nat(150) });
  await fc.assert(
    fc.asyncProperty(fc.array(arrival), async (arrivals) => {
      const { join, released } = testGroup();
      for (const { waiting, later } of arrivals) {
        await join(waiting);
        await vi.advanceTimersByTimeAsync(later);
      }
      await vi.advanceTimersByTimeAsync(100);
      expect(released).toEqual(arrivals.map((_, index) => index));
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});
