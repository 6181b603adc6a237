import { beforeEach, expect, test, vi } from "vitest";
import { sharedCheck, succeedsSoon } from "../../src/http/health.ts";

let now: number;
let runs: PromiseWithResolvers<void>[];
let check: () => Promise<void>;
beforeEach(() => {
  now = 5_000;
  runs = [];
  check = sharedCheck(
    () => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      return run.promise;
    },
    () => now,
  );
});

test("concurrent callers share one run of any length", async () => {
  const first = check();
  now += 60_000;
  const all = [first, ...Array.from({ length: 99 }, check)];
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await Promise.all(all);
  expect(runs).toHaveLength(1);
});

test("a success is shared for a second after its end", async () => {
  const first = check();
  now += 3_000;
  runs[0]?.resolve();
  await first;
  now += 999;
  await check();
  expect(runs).toHaveLength(1);
  now += 1;
  void check();
  expect(runs).toHaveLength(2);
});

test("a failure is shared by all callers, for a quarter of a second", async () => {
  const problem = new Error("no disk");
  const all = [check(), check()];
  runs[0]?.reject(problem);
  expect(await Promise.allSettled(all)).toEqual(Array(2).fill({ status: "rejected", reason: problem }));
  now += 249;
  await expect(check()).rejects.toBe(problem);
  expect(runs).toHaveLength(1);
  now += 1;
  const again = check();
  runs[1]?.resolve();
  await again;
});

test("a check that fails or takes longer than a second does not succeed soon", async () => {
  expect(await succeedsSoon(() => Promise.resolve())).toBe(true);
  expect(await succeedsSoon(() => Promise.reject(new Error("away")))).toBe(false);
  vi.useFakeTimers();
  try {
    const answer = succeedsSoon(() => new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await answer).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});
