import type { SteadyClock } from "../../core/clock.ts";
import {
  type AttemptCounter,
  type CountedLimit,
  type CountedOperation,
  type Reservation,
  soonMs,
} from "../../core/throttle/attempt-counter.ts";
import type { Database } from "../database.ts";
import { attemptTable } from "./attempts.ts";
import { SharedFailureCounter } from "./shared-failure-counter.ts";

/** The counters of all replicas. Passwords can be guessed, refresh tokens cannot. An assertion takes its slot first. */
export function sharedAttemptCounters(
  database: Database,
): (steady: SteadyClock) => Record<CountedOperation, AttemptCounter> {
  const table = attemptTable(database);
  return (steady) => ({
    login: new SharedAttemptCounter(table, steady),
    refresh: new SharedFailureCounter(table, steady),
    assertion: new SharedAttemptCounter(table, steady),
    reset: new SharedAttemptCounter(table, steady),
    sign_up: new SharedAttemptCounter(table, steady),
    link: new SharedAttemptCounter(table, steady),
  });
}

/**
 * Counts attempts for all replicas. A slot is reserved before the attempt, in one atomic statement, so all replicas
 * together never try more guesses than the limit. If a replica or the database fails in between, the slot is free again
 * a minute after the last attempt.
 */
class SharedAttemptCounter extends SharedFailureCounter {
  override async reserve(limits: readonly CountedLimit[]): Promise<Reservation[]> {
    const known = limits.some(({ key }) => this.exhausted.left(key) !== undefined);
    const refused = known ? undefined : await this.#open(limits);
    return limits.map(({ key }) => {
      const left = this.exhausted.left(key);
      if (left !== undefined) return { admitted: false, retryAfterMs: left, exhausted: true };
      if (refused?.has(key)) return { admitted: false, retryAfterMs: soonMs, exhausted: false };
      return { admitted: true };
    });
  }

  override async settle(limits: readonly CountedLimit[], failed: boolean): Promise<undefined> {
    try {
      this.exhausted.note(await this.table.settle(limits, failed));
    } catch (error) {
      if (failed) this.late.add(limits);
      throw error;
    }
  }

  override async prune(): Promise<void> {
    await super.prune();
    await this.table.prune();
  }

  /** @returns the keys at their limit; if there are any, no slot is reserved */
  async #open(limits: readonly CountedLimit[]): Promise<Set<string>> {
    const counts = await this.table.open(limits);
    this.exhausted.note(counts);
    const full = counts.filter((count) => count.full);
    if (full.length > 0) {
      // Without this, a clock that was set back would refuse a key for longer than its window.
      if (counts.some(({ tooLong }) => tooLong)) await this.table.cut(limits);
      return new Set(full.map(({ key }) => key));
    }
    const missed = new Set(counts.filter(({ taken }) => !taken).map(({ key }) => key));
    // Concurrent statements took the last slot of a key after the check. The slots of the other keys are released.
    const spare = missed.size === 0 ? [] : limits.filter(({ key }) => !missed.has(key));
    if (spare.length > 0) await this.table.settle(spare, false);
    return missed;
  }
}
