import type { SteadyClock } from "./clock.ts";

/** A bound on memory. Beyond it the oldest key is dropped. */
const maxKeys = 10_000;

/** When each key was noted last, by the steady clock: a step of the wall clock does not change an age. */
export class RecentKeys {
  readonly #steady: SteadyClock;
  /** Oldest first. */
  readonly #notedAt = new Map<string, number>();

  constructor(steady: SteadyClock) {
    this.#steady = steady;
  }

  note(key: string): void {
    this.#notedAt.delete(key);
    const [oldest] = this.#notedAt.keys();
    if (this.#notedAt.size >= maxKeys && oldest !== undefined) this.#notedAt.delete(oldest);
    this.#notedAt.set(key, this.#steady());
  }

  forget(key: string): void {
    this.#notedAt.delete(key);
  }

  /** Milliseconds since the key was noted; infinite if it never was, or was dropped. */
  ageOf(key: string): number {
    return this.#steady() - (this.#notedAt.get(key) ?? Number.NEGATIVE_INFINITY);
  }
}
