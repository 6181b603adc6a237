import { LatchkeyError } from "../errors.ts";

/**
 * A semaphore that rejects instead of queueing. So a slow server elsewhere holds up a bounded number of requests, and a
 * request beyond them gets its 503 at once.
 */
export class Bulkhead {
  readonly #reason: string;
  #free: number;

  /** @param reason of a refusal, for the log */
  constructor(limit: number, reason: string) {
    this.#free = limit;
    this.#reason = reason;
  }

  /**
   * Takes a permit. Disposal gives it back.
   *
   * @throws {LatchkeyError} `overloaded` if all permits are taken
   */
  acquire(): Disposable {
    if (this.#free === 0) throw new LatchkeyError("overloaded", { reason: this.#reason });
    this.#free--;
    return { [Symbol.dispose]: () => void this.#free++ };
  }
}
