import { setImmediate } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { Turns } from "../../src/identity/keycloak/turns.ts";

let now: number;
let turns: Turns;
beforeEach(() => {
  now = 0;
  turns = new Turns({ patience: 20, steady: () => now });
});

test("under one name one works at a time, in the order of their coming; under others at once", async () => {
  const first = Promise.withResolvers<string>();
  const order: string[] = [];
  const work = (name: string, until?: Promise<string>) => async () => {
    order.push(name);
    return (await until) ?? name;
  };
  const all = [
    turns.take("alice", work("a1", first.promise)),
    turns.take("alice", work("a2")),
    turns.take("bob", work("b1")),
    turns.take("alice", work("a3")),
  ];
  expect(await all[2]).toBe("b1");
  expect(order).toEqual(["a1", "b1"]);
  first.resolve("a1");
  expect(await Promise.all(all)).toEqual(["a1", "a2", "b1", "a3"]);
  expect(order).toEqual(["a1", "b1", "a2", "a3"]);
});

test("a waiter times out, and later ones still wait for the first", async () => {
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  const slow = turns.take("alice", () => first.promise.then(() => order.push("first")));
  const impatient = turns.take("alice", async () => order.push("too late"));
  await expect(impatient).rejects.toMatchObject({ code: "overloaded", retryAfter: 1 });
  const next = turns.take("alice", async () => order.push("next"));
  await setImmediate();
  first.resolve();
  await Promise.all([slow, next]);
  expect(order).toEqual(["first", "next"]);
});

test("a failure passes the turn on", async () => {
  const failed = turns.take("alice", () => Promise.reject(new RangeError("no")));
  const next = turns.take("alice", async () => "next");
  await expect(failed).rejects.toThrow(RangeError);
  expect(await next).toBe("next");
});

test("whether another turn has ended just before is told", async () => {
  const told: boolean[] = [];
  const look = async (followsClosely: boolean) => void told.push(followsClosely);
  await turns.take("alice", look);
  await turns.take("bob", look);
  now = 1_999;
  await turns.take("alice", look);
  now = 3_999;
  await turns.take("alice", look);
  expect(told).toEqual([false, false, true, false]);
});
