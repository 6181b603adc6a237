import { beforeEach, expect, test } from "vitest";
import { CircuitBreaker, CircuitOpen } from "../../src/identity/keycloak/circuit-breaker.ts";

class Down extends Error {}

let now: number;
let breaker: CircuitBreaker;
beforeEach(() => {
  now = 0;
  breaker = new CircuitBreaker({
    steady: () => now,
    isFailure: (error) => error instanceof Down,
    failures: 3,
    firstPause: 1_000,
    longestPause: 4_000,
  });
});

const fail = () =>
  breaker
    .run(() => Promise.reject(new Down()))
    .catch((error: unknown) => (error instanceof CircuitOpen ? error.retryAfterMs : "failed"));
const succeed = () =>
  breaker
    .run(() => Promise.resolve("done"))
    .catch((error: unknown) => (error instanceof CircuitOpen ? error.retryAfterMs : "failed"));

test("so many failures in a row open it, and then nobody is asked", async () => {
  expect([await fail(), await fail(), await fail()]).toEqual(["failed", "failed", "failed"]);
  expect(breaker.isOpen).toBe(true);
  now = 400;
  expect(await succeed()).toBe(1_000);
});

test("a success in between, or an error that is an answer, begins the count anew", async () => {
  await fail();
  await fail();
  await succeed();
  await fail();
  await fail();
  await breaker.run(() => Promise.reject(new RangeError("an answer"))).catch(() => {});
  expect([await fail(), await fail()]).toEqual(["failed", "failed"]);
  expect(breaker.isOpen).toBe(false);
});

test("after the pause one is let through, and closes it for all", async () => {
  for (let count = 0; count < 3; count++) await fail();
  now = 1_000;
  const gate = Promise.withResolvers<string>();
  const trial = breaker.run(() => gate.promise);
  expect(await succeed()).toBe(1_000);
  gate.resolve("back");
  expect(await trial).toBe("back");
  expect(await succeed()).toBe("done");
});

test("pauses double while it does not come back, up to a bound", async () => {
  for (let count = 0; count < 3; count++) await fail();
  const waits: unknown[] = [];
  for (const pause of [1_000, 2_000, 4_000, 4_000]) {
    now += pause - 1;
    waits.push(await fail());
    now += 1;
    waits.push(await fail());
  }
  // A millisecond early nobody is let through, and is told to come no sooner than in the shortest pause.
  expect(waits).toEqual([1_000, "failed", 1_000, "failed", 1_000, "failed", 1_000, "failed"]);
});

test("what was asked before it opened closes it with an answer, and opens it no further with a failure", async () => {
  const early = Promise.withResolvers<string>();
  const late = Promise.withResolvers<string>();
  const answered = breaker.run(() => early.promise);
  const failed = breaker.run(() => late.promise).catch(() => "failed");
  for (let count = 0; count < 3; count++) await fail();
  late.reject(new Down());
  await failed;
  now = 1_000;
  expect(await fail()).toBe("failed");
  early.resolve("answered");
  await answered;
  expect(await succeed()).toBe("done");
});
