import {
  type AttemptCounter,
  type CountedLimit,
  type Reservation,
  soonMs,
} from "../../core/attempt-counter.ts";
import type { Clock } from "../../core/ports.ts";
import type { AttemptTable } from "./attempts.ts";
import { ExhaustedKeys } from "./exhausted-keys.ts";

/**
 * Counts for all replicas at once. A place is taken before the attempt, in one step: of all guesses at all replicas
 * together, no more are tried than the limit lets. What a replica that dies had taken stays taken until the window ends.
 */
export class SharedAttemptCounter implements AttemptCounter {
  readonly #table: AttemptTable;
  readonly #clock: Clock;
  readonly #exhausted: ExhaustedKeys;

  constructor(table: AttemptTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
    this.#exhausted = new ExhaustedKeys(clock);
  }

  async reserve(limits: readonly CountedLimit[]): Promise<Reservation[]> {
    const now = this.#clock();
    const hopeful = limits.filter(({ key }) => this.#exhausted.left(key) === undefined);
    const opened = hopeful.length === 0 ? [] : await this.#table.open(hopeful, now);
    const refused = hopeful.map(({ key }) => key).filter((key) => !opened.includes(key));
    if (refused.length > 0) this.#exhausted.note(await this.#table.read(refused));
    return limits.map(({ key }) => {
      if (opened.includes(key)) return { admitted: true };
      const left = this.#exhausted.left(key);
      return { admitted: false, retryAfterMs: left ?? soonMs, exhausted: left !== undefined };
    });
  }

  async settle(limits: readonly CountedLimit[], failed: boolean): Promise<undefined> {
    this.#exhausted.note(
      await this.#table.settle(
        limits.map(({ key }) => key),
        failed,
      ),
    );
  }

  async turnAway(key: string): Promise<boolean> {
    return this.#exhausted.turnAway(key) && (await this.#table.turnAway(key));
  }

  async prune(): Promise<void> {
    this.#exhausted.prune();
    await this.#table.prune(this.#clock());
  }
}
