import { beforeEach, expect, test } from "vitest";
import { CircuitBreaker, CircuitOpen } from "../../src/core/throttle/circuit-breaker.ts";

class Down extends Error {}

let now: number;
let breaker: CircuitBreaker;
beforeEach(() => {
  now = 0;
  breaker = new CircuitBreaker({
    steady: () => now,
    isFailure: (error) => error instanceof Down,
    threshold: 3,
    minOpenTime: 1_000,
    maxOpenTime: 4_000,
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

test("failures in a row open the circuit, and requests stop", async () => {
  expect([await fail(), await fail(), await fail()]).toEqual(["failed", "failed", "failed"]);
  now = 400;
  expect(await succeed()).toBe(1_000);
});

test("a success, or an error that is an answer, resets the count", async () => {
  await fail();
  await fail();
  await succeed();
  await fail();
  await fail();
  await breaker.run(() => Promise.reject(new RangeError("an answer"))).catch(() => {});
  expect([await fail(), await fail()]).toEqual(["failed", "failed"]);
  expect(await succeed()).toBe("done");
});

test("after the open time one probe goes out and closes the circuit", async () => {
  for (let count = 0; count < 3; count++) await fail();
  now = 1_000;
  const gate = Promise.withResolvers<string>();
  const probe = breaker.run(() => gate.promise);
  expect(await succeed()).toBe(1_000);
  gate.resolve("back");
  expect(await probe).toBe("back");
  expect(await succeed()).toBe("done");
});

test("the open time doubles with each failed probe, up to a bound", async () => {
  for (let count = 0; count < 3; count++) await fail();
  const waits: unknown[] = [];
  for (const openTime of [1_000, 2_000, 4_000, 4_000]) {
    now += openTime - 1;
    waits.push(await fail());
    now += 1;
    waits.push(await fail());
  }
  // A millisecond early no request goes out, and the time to wait is never below the shortest open time.
  expect(waits).toEqual([1_000, "failed", 1_000, "failed", 1_000, "failed", 1_000, "failed"]);
});

test("a late answer closes the circuit, a late failure changes nothing", async () => {
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
