import {
  type AttemptCounter,
  type CountedLimit,
  type Reservation,
  soonMs,
} from "../../core/attempt-counter.ts";
import type { SteadyClock } from "../../core/clock.ts";
import type { AttemptTable } from "./attempts.ts";
import { ExhaustedKeys } from "./exhausted-keys.ts";
import { LateFailures } from "./late-failures.ts";

/**
 * Counts for all replicas at once. A place is taken before the attempt, in one step: of all guesses at all replicas
 * together, no more are tried than the limit lets. A place that is not given back, because a replica or the database
 * fails in between, is free again a minute after the last attempt.
 */
export class SharedAttemptCounter implements AttemptCounter {
  readonly #table: AttemptTable;
  readonly #exhausted: ExhaustedKeys;
  readonly #late: LateFailures;

  constructor(table: AttemptTable, steady: SteadyClock) {
    this.#table = table;
    this.#exhausted = new ExhaustedKeys(steady);
    this.#late = new LateFailures((limits) => table.fail(limits));
  }

  async reserve(limits: readonly CountedLimit[]): Promise<Reservation[]> {
    const known = limits.some(({ key }) => this.#exhausted.left(key) !== undefined);
    const refused = known ? undefined : await this.#open(limits);
    return limits.map(({ key }) => {
      const left = this.#exhausted.left(key);
      if (left !== undefined) return { admitted: false, retryAfterMs: left, exhausted: true };
      if (refused?.has(key)) return { admitted: false, retryAfterMs: soonMs, exhausted: false };
      return { admitted: true };
    });
  }

  async settle(limits: readonly CountedLimit[], failed: boolean): Promise<undefined> {
    try {
      this.#exhausted.note(await this.#table.settle(limits, failed));
    } catch (error) {
      if (failed) this.#late.add(limits);
      throw error;
    }
  }

  async turnAway(key: string): Promise<boolean> {
    return this.#exhausted.turnAway(key) && (await this.#table.turnAway(key));
  }

  async prune(): Promise<void> {
    this.#exhausted.prune();
    await this.#table.prune();
  }

  /** @returns the keys without room; if there are any, no place is taken */
  async #open(limits: readonly CountedLimit[]): Promise<Set<string>> {
    const counts = await this.#table.open(limits);
    this.#exhausted.note(counts);
    const full = counts.filter((count) => count.full);
    if (full.length > 0) {
      // Without this, a clock that was set back would keep a limit used up for longer than its window.
      if (counts.some(({ tooLong }) => tooLong)) await this.#table.cut(limits);
      return new Set(full.map(({ key }) => key));
    }
    const missed = new Set(counts.filter(({ taken }) => !taken).map(({ key }) => key));
    // Other statements took the last place of a key between the look and the step.
    const spare = missed.size === 0 ? [] : limits.filter(({ key }) => !missed.has(key));
    if (spare.length > 0) await this.#table.settle(spare, false);
    return missed;
  }
}
