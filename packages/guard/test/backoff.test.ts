import fc from "fast-check";
import { expect, test } from "vitest";
import { Backoff } from "../src/support/backoff.ts";

test("a wait is random, up to a bound that doubles up to the longest", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 0, max: 10 }), (first, doublings) => {
      const most = first * 2 ** doublings + 1;
      const backoff = new Backoff(first, most);
      for (let tries = 0; tries < 20; tries++) {
        const pause = backoff.next();
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(Math.min(first * 2 ** tries, most));
      }
    }),
  );
});

test("waits grow after failures", () => {
  const backoff = new Backoff(1, 10_000);
  const pauses = Array.from({ length: 60 }, () => backoff.next());
  expect(Math.max(...pauses)).toBeGreaterThan(1);
  expect(new Set(pauses).size).toBe(60);
});

test("waits are short after a success, and longest after a lasting failure", () => {
  const backoff = new Backoff(1, 1_000);
  expect(backoff.longest()).toBe(1_000);
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(1);
  expect(backoff.next()).toBeLessThanOrEqual(2);
});
