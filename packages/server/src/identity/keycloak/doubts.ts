import type { SteadyClock } from "../../core/clock.ts";

/** For how long a login whose answer did not come may be under way at Keycloak, in milliseconds. */
const lasts = 60_000;
const mostNames = 10_000;

/**
 * Accounts with a login that Keycloak may still be busy with, because its answer did not come in time. Until that
 * has ended, it calls any other password of theirs wrong, the right one too: its no is no answer.
 */
export class Doubts {
  readonly #steady: SteadyClock;
  readonly #until = new Map<string, number>();

  constructor(steady: SteadyClock) {
    this.#steady = steady;
  }

  begin(name: string): void {
    this.#until.delete(name);
    const [oldest] = this.#until.keys();
    if (this.#until.size >= mostNames && oldest !== undefined) this.#until.delete(oldest);
    this.#until.set(name, this.#steady() + lasts);
  }

  end(name: string): void {
    this.#until.delete(name);
  }

  about(name: string): boolean {
    return (this.#until.get(name) ?? 0) > this.#steady();
  }
}
