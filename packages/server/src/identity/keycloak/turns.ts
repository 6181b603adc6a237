import { LatchkeyError } from "../../core/errors.ts";

/** For how long after a turn the next one counts as close upon it, in milliseconds. */
const close = 2_000;

export interface TurnsOptions {
  /** How long one may wait for its turn, in milliseconds. */
  readonly patience: number;
  /** Milliseconds, by a clock that is never set back. */
  readonly steady: () => number;
}

/**
 * One at a time under each name. Keycloak takes a second login of an account, while a first is under way, for a
 * guess, and answers that the password is wrong; and it notes the end of the first a moment after its answer.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #last = new Map<string, Promise<void>>();
  /** When the last turn under a name ended, oldest first. */
  readonly #ended = new Map<string, number>();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /**
   * @param work is told whether another turn under the name has ended just before
   * @throws {LatchkeyError} `overloaded` where the turn does not come in time
   */
  async take<T>(name: string, work: (followsClosely: boolean) => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const done = Promise.withResolvers<void>();
    const last = Promise.all([before, done.promise]).then(() => {});
    this.#last.set(name, last);
    void last.then(() => {
      if (this.#last.get(name) === last) this.#last.delete(name);
    });
    try {
      if (before !== undefined) await this.#waitFor(before);
      return await work(this.#endedLately(name));
    } finally {
      this.#end(name);
      done.resolve();
    }
  }

  #endedLately(name: string): boolean {
    const at = this.#ended.get(name);
    return at !== undefined && this.#options.steady() - at < close;
  }

  #end(name: string): void {
    const now = this.#options.steady();
    for (const [old, at] of this.#ended) {
      if (now - at < close) break;
      this.#ended.delete(old);
    }
    this.#ended.delete(name);
    this.#ended.set(name, now);
  }

  async #waitFor(before: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const refusal = new LatchkeyError("overloaded", { reason: "many logins of one account", retryAfter: 1 });
    const timer = setTimeout(() => late.reject(refusal), this.#options.patience);
    try {
      await Promise.race([before, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
