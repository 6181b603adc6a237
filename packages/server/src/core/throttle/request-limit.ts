import type { Caller } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import { addressBucket, networkOfBucket } from "./addresses.ts";
import type { AttemptCounter, CountedLimit, Rule } from "./attempt-counter.ts";

/** A limit on requests, for the log and the headers of an answer. */
export interface NamedLimit extends CountedLimit {
  /** The policy, such as `registrations`. */
  readonly name: string;
  /** The noun that shares the limit, such as `network`. */
  readonly scope: string;
}

/**
 * Counts a request, whether it succeeds or not: under every limit, or under none if one of them is used up.
 *
 * @throws {LatchkeyError} `rate_limited` if a limit is used up
 */
export async function countRequest(counter: AttemptCounter, limits: readonly NamedLimit[]): Promise<void> {
  const reservations = await counter.reserve(limits);
  for (const [index, limit] of limits.entries()) {
    const reservation = reservations[index];
    if (reservation?.admitted === false) throw refusalOf(limit, reservation.retryAfterMs);
  }
  await counter.settle(limits, true);
}

function refusalOf({ name, scope, rule }: NamedLimit, retryAfterMs: number): LatchkeyError {
  const { limit: quota, windowMs } = rule;
  return new LatchkeyError("rate_limited", {
    reason: `${name} limit of the ${scope}`,
    retryAfter: Math.max(1, Math.ceil(Math.min(retryAfterMs, windowMs) / 1000)),
    limit: { policy: name, quota, windowSeconds: Math.ceil(windowMs / 1000) },
  });
}

/** The limit of a caller's network. */
export function ofNetwork(name: string, rule: Rule, { address }: Pick<Caller, "address">): NamedLimit {
  return { name, scope: "network", key: `${name} ${networkOfBucket(addressBucket(address))}`, rule };
}

/**
 * At most `rule.limit` requests per window and network, whether they succeed or not. It limits work that costs no
 * password check, such as a registration.
 */
export class RequestLimit {
  readonly #name: string;
  readonly #rule: Rule;
  readonly #counter: AttemptCounter;

  /** @param name of the limit, for the log and the headers of an answer */
  constructor(name: string, rule: Rule, counter: AttemptCounter) {
    this.#name = name;
    this.#rule = rule;
    this.#counter = counter;
  }

  /**
   * Counts a request.
   *
   * @throws {LatchkeyError} `rate_limited` if the network has used up its limit
   */
  async count(caller: Pick<Caller, "address">): Promise<void> {
    await countRequest(this.#counter, [ofNetwork(this.#name, this.#rule, caller)]);
  }
}
