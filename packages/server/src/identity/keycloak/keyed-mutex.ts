import { settlesWithin } from "@latchkey/guard/timers";
import { LatchkeyError } from "../../core/errors.ts";

/** A mutex for each key. Callers of one key enter in the order of their calls, callers of other keys at once. */
export class KeyedMutex {
  readonly #timeout: number;
  /** By key: a promise that settles when the holder and all waiters have released the lock. */
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
    if (before !== undefined && !(await settlesWithin(before, this.#timeout))) {
      release();
      throw new LatchkeyError("overloaded", { reason: "too many concurrent logins of one account" });
    }
    return { [Symbol.dispose]: release };
  }
}
