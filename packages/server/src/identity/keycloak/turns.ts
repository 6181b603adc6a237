import { LatchkeyError } from "../../core/errors.ts";

/**
 * One at a time under each name. Keycloak takes a second login of an account, while a first is under way, for a
 * guess, and answers that the password is wrong.
 */
export class Turns {
  readonly #patience: number;
  readonly #last = new Map<string, Promise<void>>();

  /** @param patience how long one may wait for its turn, in milliseconds */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** @throws {LatchkeyError} `overloaded` where the turn does not come in time */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const done = Promise.withResolvers<void>();
    const last = Promise.all([before, done.promise]).then(() => {});
    this.#last.set(name, last);
    try {
      if (before !== undefined) await this.#waitFor(before);
      return await work();
    } finally {
      done.resolve();
      if (this.#last.get(name) === last) this.#last.delete(name);
    }
  }

  async #waitFor(before: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const refusal = new LatchkeyError("overloaded", { reason: "many logins of one account", retryAfter: 1 });
    const timer = setTimeout(() => late.reject(refusal), this.#patience);
    try {
      await Promise.race([before, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
