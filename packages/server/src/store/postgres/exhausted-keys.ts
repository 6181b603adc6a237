import type { SteadyClock } from "../../core/ports.ts";
import type { AttemptCount } from "./attempts.ts";

/** More are not remembered: then the database is asked. */
const capacity = 100_000;

/** Keys whose limit is used up until their window ends, which nothing changes: so the database need not be asked. */
export class ExhaustedKeys {
  readonly #steady: SteadyClock;
  readonly #until = new Map<string, number>();
  readonly #turnedAway = new Set<string>();

  constructor(steady: SteadyClock) {
    this.#steady = steady;
  }

  /** Takes note of what was counted. @returns those that have failed more often than they may */
  note(counts: readonly AttemptCount[]): AttemptCount[] {
    for (const { key, failures, most, remaining } of counts) {
      if (failures < most) continue;
      if (this.#until.size >= capacity) this.#until.clear();
      this.#until.set(key, this.#steady() + remaining);
    }
    return counts.filter(({ failures, most }) => failures > most);
  }

  /** How long a key stays exhausted, in milliseconds; undefined where it is not known to be. */
  left(key: string): number | undefined {
    const until = this.#until.get(key);
    if (until === undefined) return undefined;
    const left = until - this.#steady();
    if (left > 0) return left;
    this.#until.delete(key);
    this.#turnedAway.delete(key);
    return undefined;
  }

  /** @returns whether this process has not told so before */
  turnAway(key: string): boolean {
    if (this.#turnedAway.has(key)) return false;
    if (this.#turnedAway.size >= capacity) this.#turnedAway.clear();
    this.#turnedAway.add(key);
    return true;
  }

  prune(): void {
    for (const key of this.#until.keys()) this.left(key);
    for (const key of this.#turnedAway) if (!this.#until.has(key)) this.#turnedAway.delete(key);
  }
}
