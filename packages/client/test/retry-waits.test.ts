import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AuthClient, type CallOptions, dbrsdkRetry, type RetryOptions } from "../src/index.ts";

/** The start of this machine's fake clock. */
const today = Date.parse("2031-05-06T07:08:09Z");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"], now: today });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Calls a server that always fails. @returns the milliseconds between attempts. The wall clock steps at each. */
async function waits(
  retry: CallOptions["retry"] = {},
  headers = {},
  status = 503,
  step = 0,
): Promise<number[]> {
  const tries: number[] = [];
  let trying = false;
  const fetch = async () => {
    trying = true;
    tries.push(performance.now());
    vi.setSystemTime(Date.now() + step);
    return new Response("{}", { status, headers });
  };
  const logger = {
    debug: () => {
      trying = false;
    },
  };
  const call = new AuthClient({ fetch, retry, logger }).me({ token: "t" }).result();
  let over = false;
  void call.then(() => {
    over = true;
  });
  // Time stands still during an attempt, or its timeout would pass.
  while (!over) await (trying ? new Promise(setImmediate) : vi.advanceTimersToNextTimerAsync());
  expect(await call).toMatchObject({ ok: false, error: { status } });
  return tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
}

const bounds = fc.record({
  maxRetries: fc.nat(6),
  initialInterval: fc.nat(2_000),
  maxInterval: fc.nat(10_000),
  exponent: fc.double({ min: 1, max: 4, noNaN: true }),
  maxElapsedTime: fc.nat(60_000),
});
type Bounds = Omit<RetryOptions, "retryConnectionErrors" | "statusCodes">;
const draws = fc.array(
  fc.nat(999_999).map((part) => part / 1_000_000),
  { minLength: 7, maxLength: 7 },
);
const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** Fixes `Math.random`. */
const chance = (value: number) => vi.spyOn(Math, "random").mockReturnValue(value);

describe("full jitter", () => {
  test("is a random part of an interval that doubles from 500 ms", async () => {
    chance(0.5);
    expect(await waits({ maxRetries: 4 })).toEqual([250, 500, 1000, 2000]);
  });

  test("has intervals of at most eight seconds", async () => {
    chance(0.999999);
    expect((await waits({ maxRetries: 8 })).map((ms) => Math.round(ms / 10) * 10)).toEqual([
      500, 1000, 2000, 4000, 8000, 8000, 8000, 8000,
    ]);
  });

  test("may be a wait of 0 ms", async () => {
    chance(0);
    expect(await waits()).toEqual([0, 0].map(() => expect.toSatisfy((ms: number) => ms <= 1)));
  });

  test("stays between Retry-After, the interval and maxElapsedTime", async () => {
    const holds = async (retry: Bounds, seconds: number, draws: readonly number[]) => {
      const draw = draws.values();
      vi.spyOn(Math, "random").mockImplementation(() => draw.next().value ?? 0);
      const done = await waits(retry, seconds ? { "retry-after": `${seconds}` } : {});
      const least = seconds * 1000;
      for (const [n, wait] of done.entries()) {
        const interval = Math.min(retry.maxInterval, retry.initialInterval * retry.exponent ** n);
        expect(wait).toBeGreaterThanOrEqual(least);
        // Timers round to whole milliseconds.
        expect(wait).toBeLessThanOrEqual(Math.max(least, interval) + 1);
      }
      expect(done.length).toBeLessThanOrEqual(retry.maxRetries);
      expect(sumOf(done)).toBeLessThanOrEqual(retry.maxElapsedTime + done.length);
    };
    await fc.assert(fc.asyncProperty(bounds, fc.nat(20), draws, holds), { numRuns: 60 });
  });
});

describe("Retry-After", () => {
  beforeEach(() => {
    chance(0);
  });

  test.each([429, 503, 500, 408])("in seconds is obeyed after a %i", async (status) => {
    expect(await waits({}, { "retry-after": "7" }, status)).toEqual([7000, 7000]);
  });

  test("as a date is compared with the server's clock", async () => {
    const headers = { date: "Thu, 01 Jan 1998 00:00:00 GMT", "retry-after": "Thu, 01 Jan 1998 00:00:20 GMT" };
    expect(await waits({}, headers)).toEqual([20_000, 20_000]);
  });

  test("as a date is compared with the local clock if the server sends none", async () => {
    const headers = { "retry-after": new Date(today + 9000).toUTCString() };
    expect(await waits({ maxRetries: 1 }, headers)).toEqual([9000]);
  });

  test.each(["soon", "", "-5", "1.5", "5s", "Thu, 01 Jan 1998 00:00:20 GMT", "120, 60"])(
    "of %j is ignored",
    async (value) => {
      const done = await waits({}, { "retry-after": value });
      expect(Math.max(...done)).toBeLessThanOrEqual(1);
      expect(done).toHaveLength(2);
    },
  );

  test("shorter than the jitter changes nothing", async () => {
    chance(0.5);
    expect(await waits({ initialInterval: 4000, maxRetries: 1 }, { "retry-after": "1" })).toEqual([2000]);
  });

  test.each(["61", "3600", "99999999999", "9".repeat(400), "Fri, 01 Jan 2038 00:00:00 GMT"])(
    "of %s exceeds maxElapsedTime: the error is thrown now",
    async (value) => {
      expect(await waits({}, { "retry-after": value })).toEqual([]);
      expect(Date.now()).toBe(today);
    },
  );

  test.each([-3_600_000, 3_600_000])(
    "keeps to maxElapsedTime if the wall clock steps by %i ms",
    async (step) => {
      expect(await waits({ maxRetries: 9 }, { "retry-after": "25" }, 503, step)).toEqual([25_000, 25_000]);
    },
  );

  test("that would end after maxElapsedTime is not waited for", async () => {
    expect(await waits({ maxRetries: 9 }, { "retry-after": "25" })).toEqual([25_000, 25_000]);
  });

  test("longer than any timer is not waited for", async () => {
    const retry = { maxElapsedTime: Number.POSITIVE_INFINITY };
    expect(await waits(retry, { "retry-after": "2147484" })).toEqual([]);
  });
});

test("dbrsdkRetry retries for an hour, with waits of up to a minute", async () => {
  chance(0.999999);
  const done = await waits(dbrsdkRetry, {}, 500);
  expect(done.slice(0, 3)).toEqual([500, 750, 1125].map((ms) => expect.closeTo(ms, -1)));
  expect(Math.max(...done)).toBeLessThanOrEqual(60_001);
  expect(sumOf(done)).toBeGreaterThan(3_500_000);
  expect(sumOf(done)).toBeLessThanOrEqual(3_600_000);
});
