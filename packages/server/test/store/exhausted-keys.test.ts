import { describe, expect, test } from "vitest";
import { ExhaustedKeys } from "../../src/store/postgres/exhausted-keys.ts";

const windowMs = 900_000;
const count = (key: string, failures = 5) => ({ key, failures, most: 5, remaining: windowMs });

describe("the cache of exhausted keys", () => {
  test("at its capacity the oldest key is evicted, and no other", () => {
    const keys = new ExhaustedKeys(() => 0);
    for (let number = 0; number <= 100_000; number++) keys.note([count(`k${number}`)]);
    expect(keys.left("k0")).toBeUndefined();
    for (const number of [1, 50_000, 100_000]) expect(keys.left(`k${number}`)).toBe(windowMs);
  });

  test("one refusal in a window counts as the first", () => {
    let now = 0;
    const keys = new ExhaustedKeys(() => now);
    keys.note([count("a"), count("b", 4)]);
    expect(keys.left("b")).toBeUndefined();
    expect([keys.turnAway("a"), keys.turnAway("a")]).toEqual([true, false]);
    keys.note([count("a")]);
    expect(keys.turnAway("a")).toBe(false);
    now = windowMs;
    keys.note([count("a")]);
    expect(keys.turnAway("a")).toBe(true);
  });
});
