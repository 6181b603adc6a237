import { expect, test } from "vitest";
import { LatchkeyError } from "../../src/core/errors.ts";
import { MemoryAttemptCounter } from "../../src/core/throttle/memory-attempt-counter.ts";
import { Throttle } from "../../src/core/throttle/throttle.ts";

const caller = { address: "192.0.2.1", requestId: "test" };
const twice = { limit: 2, windowMs: 60_000 };
const often = { limit: 100, windowMs: 60_000 };
const away = new LatchkeyError("store_unavailable");
const wrong = new LatchkeyError("invalid_credentials");

/** A throttle with a database that fails `failures` times, at one of its two uses. */
function throttled(fails: "sessions" | "audit", failures: number) {
  let left = failures;
  const or = async <T>(use: typeof fails, value: T): Promise<T> => {
    if (use === fails && left-- > 0) throw away;
    return value;
  };
  let wall = 0;
  const counter = () => new MemoryAttemptCounter(() => wall);
  const throttle = new Throttle({
    rules: { pair: twice, account: often, address: { limit: 3, windowMs: 60_000 } },
    counters: { login: counter(), refresh: counter() },
    sessions: { openedFrom: () => or("sessions", false) },
    audit: { record: () => or("audit", undefined) },
    clock: () => 0,
  });
  /** Tries a login. @param refusal the error of a failed login @returns the outcome */
  const login = async (name: string, refusal?: LatchkeyError) => {
    const account = { key: `user:${name}`, userId: `user:${name}` };
    try {
      await using admission = await throttle.admit({ operation: "login", caller, account });
      return refusal === undefined ? "in" : (await admission.failed(refusal)).code;
    } catch (error) {
      if (error instanceof LatchkeyError) return error.code;
      throw error;
    }
  };
  return { login, advance: (ms: number) => (wall += ms) };
}

test.each(["sessions", "audit"] as const)(
  "an attempt that fails with the %s of the database gives its places back",
  async (part) => {
    const { login, advance } = throttled(part, 5);
    for (const name of ["a", "b", "c"]) expect(await login(name, wrong)).toBe("invalid_credentials");
    for (let time = 0; time < 5; time++) {
      const code = await login("alice", wrong);
      expect(["store_unavailable", "rate_limited"]).toContain(code);
    }
    advance(60_000);
    expect(await login("alice")).toBe("in");
    expect(await login("alice")).toBe("in");
  },
);
