import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryAttemptCounter } from "../../src/core/attempt-counter.ts";

const rule = { limit: 3, windowMs: 1000 };

test("any order of attempts: failures and open attempts never pass the limit within a window", async () => {
  const step = fc.oneof(
    fc.constant("try" as const),
    fc.constant("fail" as const),
    fc.constant("succeed" as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const counter = new MemoryAttemptCounter(() => 0);
      let open = 0;
      let failures = 0;
      for (const one of steps) {
        if (one === "try") {
          const { admitted } = await counter.reserve("key", rule);
          expect(admitted).toBe(open + failures < rule.limit);
          if (admitted) open++;
        } else if (open > 0) {
          await counter.settle("key", one === "fail");
          open--;
          if (one === "fail") failures++;
        }
      }
    }),
  );
});

test("what succeeded leaves nothing behind", async () => {
  const counter = new MemoryAttemptCounter(() => 0);
  for (let key = 0; key < 100; key++) {
    await counter.reserve(`${key}`, rule);
    await counter.settle(`${key}`, false);
  }
  expect(counter.size).toBe(0);
});

test("failures are forgotten when their window ends, and swept away", async () => {
  let now = 0;
  const counter = new MemoryAttemptCounter(() => now);
  for (let time = 0; time < 3; time++) {
    await counter.reserve("key", rule);
    await counter.settle("key", true);
  }
  now = 999;
  expect(await counter.reserve("key", rule)).toEqual({ admitted: false, retryAfterMs: 1, exhausted: true });
  expect([await counter.turnAway("key"), await counter.turnAway("key")]).toEqual([true, false]);
  now = 1000;
  counter.prune();
  expect(counter.size).toBe(0);
  expect(await counter.reserve("key", rule)).toEqual({ admitted: true });
});

test("past its capacity the oldest is forgotten, but never one whose attempt is open", async () => {
  const counter = new MemoryAttemptCounter(() => 0, 2);
  const once = { limit: 1, windowMs: 1000 };
  await counter.reserve("open", once);
  for (const key of ["a", "b", "c"]) {
    await counter.reserve(key, once);
    await counter.settle(key, true);
  }
  expect(counter.size).toBe(2);
  expect((await counter.reserve("open", once)).admitted).toBe(false);
});
