import type { SteadyClock } from "../clock.ts";
import { LinkedList, type ListEntry } from "../passwords/linked-list.ts";
import {
  type AttemptCounter,
  type CountedLimit,
  type Reservation,
  type Rule,
  soonMs,
} from "./attempt-counter.ts";

interface Count {
  readonly key: string;
  failures: number;
  /** Attempts that are not settled yet. They count, so parallel guesses cannot exceed the limit. */
  open: number;
  windowEnds: number;
  turnedAway: boolean;
  /** The entry in its list; undefined while the count has no failure. */
  remembered: { readonly list: LinkedList<Count>; readonly entry: ListEntry<Count> } | undefined;
}

/**
 * Counts in the memory of this process. At most `capacity` counts with failures are held, besides those of open
 * attempts. At the bound the oldest counts below their limit go first, so a flood of new keys removes no exhausted
 * limit.
 */
export class MemoryAttemptCounter implements AttemptCounter {
  readonly #counts = new Map<string, Count>();
  /** Counts with failures: below their limit, at their limit. */
  readonly #partial = new LinkedList<Count>();
  readonly #exhausted = new LinkedList<Count>();
  readonly #steady: SteadyClock;
  readonly #capacity: number;

  /** @param steady measures the windows: a wall clock that is set back must not lengthen them */
  constructor(steady: SteadyClock, capacity = 200_000) {
    this.#steady = steady;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#counts.size;
  }

  async reserve(limits: readonly CountedLimit[]): Promise<Reservation[]> {
    const reservations = limits.map((limit) => this.#look(limit));
    if (reservations.every(({ admitted }) => admitted))
      for (const limit of limits) this.#countOf(limit).open++;
    return reservations;
  }

  async settle(limits: readonly CountedLimit[], failed: boolean): Promise<undefined> {
    for (const limit of limits) this.#settle(limit, failed);
  }

  async turnAway(key: string): Promise<boolean> {
    const count = this.#counts.get(key);
    if (count === undefined || count.turnedAway) return false;
    count.turnedAway = true;
    return true;
  }

  async forget(key: string): Promise<void> {
    // A reading of 200,000 keys takes some milliseconds. It happens when an administrator asks for it.
    for (const count of this.#counts.values())
      if (count.key === key || count.key.startsWith(`${key} `)) this.#forgive(count);
  }

  async prune(): Promise<void> {
    const now = this.#steady();
    for (const list of [this.#partial, this.#exhausted]) {
      for (const count of list) if (count.windowEnds <= now) this.#forgive(count);
    }
  }

  #look({ key, rule }: CountedLimit): Reservation {
    const count = this.#counts.get(key);
    const left = count === undefined ? 0 : count.windowEnds - this.#steady();
    const failures = count === undefined || left <= 0 ? 0 : count.failures;
    if (failures + (count?.open ?? 0) < rule.limit) return { admitted: true };
    const exhausted = failures >= rule.limit;
    return { admitted: false, retryAfterMs: exhausted ? left : soonMs, exhausted };
  }

  #settle({ key, rule }: CountedLimit, failed: boolean): void {
    const count = this.#counts.get(key);
    if (count === undefined) return;
    count.open = Math.max(0, count.open - 1);
    if (failed) {
      count.failures++;
      this.#remember(count, rule);
    } else if (count.failures === 0) this.#dropIfIdle(count);
  }

  #countOf({ key, rule }: CountedLimit): Count {
    const now = this.#steady();
    const windowEnds = now + rule.windowMs;
    const known = this.#counts.get(key);
    if (known === undefined) {
      const count = { key, failures: 0, open: 0, windowEnds, turnedAway: false, remembered: undefined };
      this.#counts.set(key, count);
      return count;
    }
    if (known.windowEnds <= now) {
      this.#forget(known);
      known.windowEnds = windowEnds;
    }
    return known;
  }

  /** Moves a failed count into its list, and keeps the bound. */
  #remember(count: Count, rule: Rule): void {
    const list = count.failures >= rule.limit ? this.#exhausted : this.#partial;
    if (count.remembered?.list === list) return;
    count.remembered?.list.remove(count.remembered.entry);
    count.remembered = { list, entry: list.push(count) };
    if (this.#partial.size + this.#exhausted.size <= this.#capacity) return;
    const { first } = this.#partial;
    // The failure that was just counted stays: without it new keys would have no limit.
    const oldest = first === undefined || first === count ? this.#exhausted.first : first;
    if (oldest !== undefined) this.#forgive(oldest);
  }

  /** Forgets the failures of a count, and the count itself if no attempt is open. */
  #forgive(count: Count): void {
    this.#forget(count);
    this.#dropIfIdle(count);
  }

  #forget(count: Count): void {
    count.remembered?.list.remove(count.remembered.entry);
    count.remembered = undefined;
    count.failures = 0;
    count.turnedAway = false;
  }

  #dropIfIdle(count: Count): void {
    if (count.open === 0) this.#counts.delete(count.key);
  }
}
