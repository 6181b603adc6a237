import { expect, test } from "vitest";
import { MemoryAttemptCounter } from "../../src/core/memory-attempt-counter.ts";
import { attemptCounterContract } from "./attempt-counter-contract.ts";

attemptCounterContract("in the memory of a process", async (clock) => new MemoryAttemptCounter(clock));

const once = (key: string) => [{ key, rule: { limit: 1, windowMs: 1000 } }];

test("what succeeded leaves nothing behind, and what expired is swept away", async () => {
  let now = 0;
  const counter = new MemoryAttemptCounter(() => now);
  for (const [key, failed] of [
    ["a", false],
    ["b", false],
    ["c", true],
  ] as const) {
    await counter.reserve(once(key));
    await counter.settle(once(key), failed);
  }
  expect(counter.size).toBe(1);
  now = 1000;
  await counter.prune();
  expect(counter.size).toBe(0);
});

test("past its capacity the oldest is forgotten, but never one whose attempt is open", async () => {
  const counter = new MemoryAttemptCounter(() => 0, 2);
  await counter.reserve(once("open"));
  for (const key of ["a", "b", "c"]) {
    await counter.reserve(once(key));
    await counter.settle(once(key), true);
  }
  expect(counter.size).toBe(2);
  expect(await counter.reserve(once("open"))).toMatchObject([{ admitted: false }]);
});
