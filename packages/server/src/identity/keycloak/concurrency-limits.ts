import { LatchkeyError } from "../../core/errors.ts";

/**
 * A semaphore that rejects instead of queueing. A slow realm thus holds a bounded number of requests, and a request
 * beyond them learns it at once.
 */
export class Bulkhead {
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /**
   * Takes a place. Disposal gives it back.
   *
   * @throws {LatchkeyError} `overloaded` if all places are taken
   */
  enter(): Disposable {
    if (this.#free === 0) throw overloaded("too many concurrent requests to the realm");
    this.#free--;
    return { [Symbol.dispose]: () => void this.#free++ };
  }
}

/** A mutex for each key. Callers of one key enter in the order in which they came, callers of other keys at once. */
export class KeyedMutex {
  readonly #timeout: number;
  /** Settles, by key, when its holder and all that wait have left. */
  readonly #queues = new Map<string, Promise<unknown>>();

  /** @param timeout the longest wait, in milliseconds */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /**
   * Waits for the lock of a key. Disposal releases it.
   *
   * @throws {LatchkeyError} `overloaded` after the timeout; callers behind this one keep their order
   */
  async lock(key: string): Promise<Disposable> {
    const before = this.#queues.get(key);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const queue: Promise<void> = Promise.all([before, released]).then(() => {
      if (this.#queues.get(key) === queue) this.#queues.delete(key);
    });
    this.#queues.set(key, queue);
    try {
      if (before !== undefined) await this.#waitFor(before);
    } catch (error) {
      release();
      throw error;
    }
    return { [Symbol.dispose]: release };
  }

  async #waitFor(before: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const refuse = () => late.reject(overloaded("too many concurrent logins of one account"));
    const timer = setTimeout(refuse, this.#timeout);
    try {
      await Promise.race([before, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function overloaded(reason: string): LatchkeyError {
  return new LatchkeyError("overloaded", { reason, retryAfter: 1 });
}
