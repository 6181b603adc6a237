import { createHash } from "node:crypto";
import { readText } from "@latchkey/guard/bounded-body";
import type { SteadyClock } from "../core/clock.ts";
import { LatchkeyError } from "../core/errors.ts";
import type { BreachCheck } from "../core/passwords/policy.ts";
import { Bulkhead } from "../core/throttle/bulkhead.ts";
import { CircuitBreaker } from "../core/throttle/circuit-breaker.ts";

/** The options of a range check. */
export interface RangeCheckOptions {
  /** The address of the ranges, such as `https://api.pwnedpasswords.com/range`. */
  readonly url: string;
  /** Milliseconds of a clock that is never set back. */
  readonly steady: SteadyClock;
  /** Gets the cause, without the password or a part of its hash. */
  readonly onUnavailable: (cause: string) => void;
  /** How long a whole answer may take, in milliseconds. A person waits for it. */
  readonly timeoutMs?: number;
  /** Requests at once. */
  readonly mostRequests?: number;
}

/** A padded answer has some 1,000 lines of 40 bytes. */
const mostBytes = 262_144;

const prefixLength = 5;

/** The rest of a hash and the number of its occurrences. A padded line has 0. */
const form = /^([0-9A-F]{35}):(\d{1,12})$/i;

/**
 * The check against a service with the range API of Have I Been Pwned. The service learns the first five of 40 digits of
 * the password's SHA-1, which about a thousand known passwords share. The padding hides the length of the answer from a
 * reader of the network.
 *
 * A service that is slow, broken or full costs one password change its timeout. After five failures in a row the circuit
 * opens, and further checks are unavailable at once.
 */
export function rangeCheck(options: RangeCheckOptions): BreachCheck {
  const { url, steady, onUnavailable, timeoutMs = 2_000, mostRequests = 8 } = options;
  const bulkhead = new Bulkhead(mostRequests, "too many range checks at once");
  const breaker = new CircuitBreaker({ steady, isFailure: () => true });

  return async function checkRange(password) {
    const hash = createHash("sha1").update(password).digest("hex").toUpperCase();
    try {
      using _permit = bulkhead.acquire();
      const range = await breaker.run(() => readRange(`${url}/${hash.slice(0, prefixLength)}`, timeoutMs));
      return range.has(hash.slice(prefixLength)) ? "breached" : "unknown";
    } catch (error) {
      onUnavailable(causeOf(error));
      return "unavailable";
    }
  };
}

/** The rests of the hashes in a range. */
async function readRange(url: string, timeoutMs: number): Promise<ReadonlySet<string>> {
  const answer = await fetch(url, {
    headers: { "Add-Padding": "true", "User-Agent": "latchkey", Accept: "text/plain" },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await readText(answer, mostBytes);
  if (answer.status !== 200) throw new Error(`status ${answer.status}`);
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  // Every range of the service has entries, so an empty answer is a fault.
  if (lines.length === 0) throw new Error("an empty range");
  const found = new Set<string>();
  for (const line of lines) {
    const [, rest, count] = form.exec(line) ?? [];
    if (rest === undefined) throw new Error("an answer that is not a range");
    if (Number(count) > 0) found.add(rest.toUpperCase());
  }
  return found;
}

/** The cause of a failure, without the address: its last five digits are part of the hash of a password. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  if (error.name === "TimeoutError") return "no whole answer in time";
  if (error instanceof LatchkeyError) return error.reason ?? error.message;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
