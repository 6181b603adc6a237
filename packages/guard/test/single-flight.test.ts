import { afterEach, expect, test, vi } from "vitest";
import { SingleFlight } from "../src/support/single-flight.ts";
import { TestClock } from "./clock.ts";

afterEach(() => vi.useRealTimers());

/** Calls that settle when the test says so. */
function calls() {
  const begun: PromiseWithResolvers<number>[] = [];
  const work = () => {
    const call = Promise.withResolvers<number>();
    begun.push(call);
    return call.promise;
  };
  return { begun, work };
}

test("concurrent callers share one call", async () => {
  const flight = new SingleFlight<number>(new TestClock());
  const { begun, work } = calls();
  const outcomes = [flight.join(work), flight.join(work)];
  begun[0]?.resolve(1);
  expect(await Promise.all(outcomes)).toEqual([1, 1]);
  expect(begun).toHaveLength(1);
});

test("concurrent callers share a failure, and the next caller begins anew", async () => {
  const flight = new SingleFlight<number>(new TestClock());
  const { begun, work } = calls();
  const outcomes = [flight.join(work), flight.join(work)];
  begun[0]?.reject(new Error("down"));
  expect(await Promise.allSettled(outcomes)).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
  expect(flight.inFlight).toBeUndefined();
  void flight.join(work);
  expect(begun).toHaveLength(2);
});

test("a call that began later is shared, also after the first has settled", async () => {
  const flight = new SingleFlight<number>(new TestClock());
  const { begun, work } = calls();
  const first = flight.begin(work);
  const second = flight.begin(work);
  begun[0]?.resolve(1);
  expect(await first).toBe(1);
  expect(flight.inFlight).toBe(second);
});

test("a call that never settles is shared for 15 seconds", () => {
  const clock = new TestClock();
  const flight = new SingleFlight<number>(clock);
  const { begun, work } = calls();
  void flight.join(work);
  clock.pass(15_000);
  void flight.join(work);
  expect(begun).toHaveLength(1);
  clock.pass(1);
  void flight.join(work);
  expect(begun).toHaveLength(2);
});

test("a caller of the next call never gets a call that began before", async () => {
  const flight = new SingleFlight<number>(new TestClock());
  const { begun, work } = calls();
  const first = flight.join(work);
  const next = [flight.joinNext(work), flight.joinNext(work)];
  await Promise.resolve();
  expect(begun).toHaveLength(1);
  begun[0]?.reject(new Error("down"));
  await expect(first).rejects.toThrow("down");
  await expect.poll(() => begun.length).toBe(2);
  const later = flight.joinNext(work);
  begun[1]?.resolve(2);
  expect(await Promise.all(next)).toEqual([2, 2]);
  await expect.poll(() => begun.length).toBe(3);
  begun[2]?.resolve(3);
  expect(await later).toBe(3);
});

test("a call that never settles delays the next call by at most 15 seconds", async () => {
  vi.useFakeTimers();
  const clock = new TestClock();
  const flight = new SingleFlight<number>(clock);
  const { begun, work } = calls();
  void flight.join(work);
  clock.pass(5_000);
  const next = flight.joinNext(work);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(begun).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun).toHaveLength(2);
  begun[1]?.resolve(2);
  expect(await next).toBe(2);
  const later = flight.joinNext(work);
  await vi.advanceTimersByTimeAsync(0);
  begun[2]?.resolve(3);
  expect(await later).toBe(3);
  expect(vi.getTimerCount()).toBe(0);
});

test("callers of the next call share one, also without a call in flight", async () => {
  const flight = new SingleFlight<number>(new TestClock());
  const { begun, work } = calls();
  const outcomes = [flight.joinNext(work), flight.joinNext(work)];
  await expect.poll(() => begun.length).toBe(1);
  begun[0]?.resolve(1);
  expect(await Promise.all(outcomes)).toEqual([1, 1]);
});
