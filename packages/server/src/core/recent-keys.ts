import type { SteadyClock } from "./clock.ts";

/** A bound on memory. Beyond it the oldest key is dropped. */
const maxKeys = 10_000;

/**
 * When each key was noted last, by the steady clock: a step of the wall clock does not change an age. A key has one
 * version at a time, such as the generation of a session.
 */
export class RecentKeys {
  readonly #steady: SteadyClock;
  /** Oldest first. */
  readonly #notes = new Map<string, { readonly version: number; readonly at: number }>();

  constructor(steady: SteadyClock) {
    this.#steady = steady;
  }

  note(key: string, version = 0): void {
    this.#notes.delete(key);
    const [oldest] = this.#notes.keys();
    if (this.#notes.size >= maxKeys && oldest !== undefined) this.#notes.delete(oldest);
    this.#notes.set(key, { version, at: this.#steady() });
  }

  /** Forgets a key, unless it has another version by now. */
  forget(key: string, version = 0): void {
    if (this.#notes.get(key)?.version === version) this.#notes.delete(key);
  }

  /** Milliseconds since the key was noted with this version; infinite if it was not, or was dropped. */
  ageOf(key: string, version = 0): number {
    const note = this.#notes.get(key);
    return note?.version === version ? this.#steady() - note.at : Number.POSITIVE_INFINITY;
  }
}
