import type { Caller } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import { addressBucket, networkOfBucket } from "./addresses.ts";
import type { AttemptCounter, Rule } from "./attempt-counter.ts";

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
  async count({ address }: Pick<Caller, "address">): Promise<void> {
    const rule = this.#rule;
    const limits = [{ key: `${this.#name} ${networkOfBucket(addressBucket(address))}`, rule }];
    const [reservation] = await this.#counter.reserve(limits);
    if (reservation?.admitted === false) throw this.#refusal(reservation.retryAfterMs);
    await this.#counter.settle(limits, true);
  }

  #refusal(retryAfterMs: number): LatchkeyError {
    const { limit: quota, windowMs } = this.#rule;
    return new LatchkeyError("rate_limited", {
      reason: `${this.#name} limit of the network`,
      retryAfter: Math.max(1, Math.ceil(Math.min(retryAfterMs, windowMs) / 1000)),
      limit: { policy: this.#name, quota, windowSeconds: Math.ceil(windowMs / 1000) },
    });
  }
}
