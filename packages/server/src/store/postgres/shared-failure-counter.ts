import type { SteadyClock } from "../../core/clock.ts";
import type { AttemptCounter, CountedLimit, Reservation } from "../../core/throttle/attempt-counter.ts";
import type { AttemptTable } from "./attempts.ts";
import { ExhaustedKeys } from "./exhausted-keys.ts";
import { LateFailures } from "./late-failures.ts";

/**
 * Counts only failures, for all replicas. It serves attempts with secrets that cannot be guessed, because most of them
 * succeed. A failure beyond the limit is answered as throttled, so all replicas together reveal no more outcomes than
 * the limit.
 */
export class SharedFailureCounter implements AttemptCounter {
  protected readonly table: AttemptTable;
  protected readonly exhausted: ExhaustedKeys;
  protected readonly late: LateFailures;

  constructor(table: AttemptTable, steady: SteadyClock) {
    this.table = table;
    this.exhausted = new ExhaustedKeys(steady);
    this.late = new LateFailures(table);
  }

  async reserve(limits: readonly CountedLimit[]): Promise<Reservation[]> {
    return limits.map(({ key }) => {
      const left = this.exhausted.left(key);
      return left === undefined
        ? { admitted: true }
        : { admitted: false, retryAfterMs: left, exhausted: true };
    });
  }

  async settle(limits: readonly CountedLimit[], failed: boolean): Promise<number | undefined> {
    if (!failed) return undefined;
    try {
      const [overrun] = this.exhausted.note(await this.table.fail(limits));
      return overrun?.remaining;
    } catch (error) {
      this.late.add(limits);
      throw error;
    }
  }

  async turnAway(key: string): Promise<boolean> {
    return this.exhausted.turnAway(key) && (await this.table.turnAway(key));
  }

  async forget(key: string): Promise<void> {
    await this.table.forget(key);
    this.exhausted.forget(key);
  }

  async prune(): Promise<void> {
    this.exhausted.prune();
  }
}
