import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { KeyedMutex } from "../../src/identity/keycloak/keyed-mutex.ts";

const overloaded = { code: "overloaded", retryAfter: 1 };

describe("a keyed mutex", () => {
  let mutex: KeyedMutex;
  beforeEach(() => {
    mutex = new KeyedMutex(20);
  });

  async function locked<T>(key: string, work: () => Promise<T>): Promise<T> {
    using _lock = await mutex.lock(key);
    return await work();
  }

  test("admits callers of one key in their order, callers of other keys at once", async () => {
    const first = Promise.withResolvers<string>();
    const order: string[] = [];
    const work = (name: string, until?: Promise<string>) => async () => {
      order.push(name);
      return (await until) ?? name;
    };
    const all = [
      locked("alice", work("a1", first.promise)),
      locked("alice", work("a2")),
      locked("bob", work("b1")),
      locked("alice", work("a3")),
    ];
    expect(await all[2]).toBe("b1");
    expect(order).toEqual(["a1", "b1"]);
    first.resolve("a1");
    expect(await Promise.all(all)).toEqual(["a1", "a2", "b1", "a3"]);
    expect(order).toEqual(["a1", "b1", "a2", "a3"]);
  });

  test("rejects a late waiter, and callers behind it still wait", async () => {
    const first = Promise.withResolvers<void>();
    const order: string[] = [];
    const holder = locked("alice", () => first.promise.then(() => order.push("first")));
    const late = locked("alice", async () => order.push("late"));
    await expect(late).rejects.toMatchObject(overloaded);
    const next = locked("alice", async () => order.push("next"));
    await setImmediate();
    first.resolve();
    await Promise.all([holder, next]);
    expect(order).toEqual(["first", "next"]);
  });

  test("is released by a failure", async () => {
    const failed = locked("alice", () => Promise.reject(new RangeError("no")));
    const next = locked("alice", async () => "next");
    await expect(failed).rejects.toThrow(RangeError);
    expect(await next).toBe("next");
  });
});
