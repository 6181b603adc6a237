import { describe, expect, test, vi } from "vitest";
import { LinkedList } from "../../src/core/passwords/linked-list.ts";
import type { CountedLimit } from "../../src/core/throttle/attempt-counter.ts";
import { MemoryAttemptCounter } from "../../src/core/throttle/memory-attempt-counter.ts";
import { attemptCounterContract } from "./attempt-counter-contract.ts";

attemptCounterContract("in the memory of a process", async (clock) => new MemoryAttemptCounter(clock));

const once = (key: string) => [{ key, rule: { limit: 1, windowMs: 1000 } }];

test("a success leaves no count, and an expired count is deleted", async () => {
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

test("beyond the capacity the oldest count without an open attempt goes", async () => {
  const counter = new MemoryAttemptCounter(() => 0, 2);
  await counter.reserve(once("open"));
  for (const key of ["a", "b", "c"]) await fail(counter, once(key));
  expect(counter.size).toBe(3);
  expect(await counter.reserve(once("open"))).toMatchObject([{ admitted: false }]);
  expect(await counter.reserve(once("a"))).toEqual([{ admitted: true }]);
  expect(await counter.reserve(once("c"))).toMatchObject([{ admitted: false }]);
});

describe("a flood of new keys at the bound", () => {
  const capacity = 1000;
  const thrice = (key: string) => [{ key, rule: { limit: 3, windowMs: 1000 } }];

  async function flooded() {
    const counter = new MemoryAttemptCounter(() => 0, capacity);
    for (let time = 0; time < 3; time++) await fail(counter, thrice("victim"));
    for (let key = 0; key < 3 * capacity; key++) await fail(counter, thrice(`flood ${key}`));
    return counter;
  }

  test("removes no exhausted limit, and is counted itself", async () => {
    const counter = await flooded();
    expect(counter.size).toBe(capacity);
    expect(await counter.reserve(thrice("victim"))).toMatchObject([{ admitted: false, exhausted: true }]);
    const last = `flood ${3 * capacity - 1}`;
    for (let time = 0; time < 2; time++) await fail(counter, thrice(last));
    expect(await counter.reserve(thrice(last))).toMatchObject([{ admitted: false, exhausted: true }]);
  });

  test("is counted also if every limit in memory is exhausted", async () => {
    const counter = new MemoryAttemptCounter(() => 0, 10);
    for (let key = 0; key < 10; key++) await fail(counter, once(`exhausted ${key}`));
    for (let time = 0; time < 3; time++) await fail(counter, thrice("new"));
    expect(counter.size).toBe(10);
    expect(await counter.reserve(thrice("new"))).toMatchObject([{ admitted: false, exhausted: true }]);
    expect(await counter.reserve(once("exhausted 9"))).toMatchObject([{ admitted: false }]);
  });

  test("of attempts that another limit refuses removes nothing", async () => {
    const counter = await flooded();
    for (let key = 0; key < 3 * capacity; key++) {
      const refused = [...thrice(`new ${key}`), ...thrice("victim")];
      const [first] = await counter.reserve(refused);
      expect(first).toEqual({ admitted: true });
      await counter.settle(refused.slice(0, 1), false);
    }
    expect(counter.size).toBe(capacity);
    for (let time = 0; time < 2; time++) await fail(counter, thrice(`flood ${2 * capacity + 1}`));
    expect(await counter.reserve(thrice(`flood ${2 * capacity + 1}`))).toMatchObject([{ admitted: false }]);
  });

  test("takes constant time per attempt", async () => {
    const counter = await flooded();
    using spies = new DisposableStack();
    const walks = [
      vi.spyOn(Map.prototype, Symbol.iterator),
      vi.spyOn(Map.prototype, "keys"),
      vi.spyOn(Map.prototype, "values"),
      vi.spyOn(Map.prototype, "entries"),
      vi.spyOn(LinkedList.prototype, Symbol.iterator),
    ].map((walk) => spies.use(walk));
    for (let key = 0; key < 100; key++) await fail(counter, thrice(`late ${key}`));
    expect(walks.map((walk) => walk.mock.calls.length)).toEqual([0, 0, 0, 0, 0]);
  });
});

async function fail(counter: MemoryAttemptCounter, limits: readonly CountedLimit[]): Promise<void> {
  await counter.reserve(limits);
  await counter.settle(limits, true);
}
