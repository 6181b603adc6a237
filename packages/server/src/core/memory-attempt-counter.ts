import {
  type AttemptCounter,
  type CountedLimit,
  type Reservation,
  type Rule,
  soonMs,
} from "./attempt-counter.ts";
import type { SteadyClock } from "./ports.ts";

interface Count {
  failures: number;
  /** Attempts whose outcome is open; they count, so that parallel guesses cannot slip past the limit. */
  open: number;
  windowEnds: number;
  turnedAway: boolean;
}

/** Counts in the memory of this process, for at most `capacity` keys. */
export class MemoryAttemptCounter implements AttemptCounter {
  readonly #counts = new Map<string, Count>();
  readonly #steady: SteadyClock;
  readonly #capacity: number;

  constructor(steady: SteadyClock, capacity = 200_000) {
    this.#steady = steady;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#counts.size;
  }

  async reserve(limits: readonly CountedLimit[]): Promise<Reservation[]> {
    const reservations = limits.map((limit) => this.#look(limit));
    if (reservations.every(({ admitted }) => admitted)) for (const limit of limits) this.#take(limit);
    return reservations;
  }

  async settle(limits: readonly CountedLimit[], failed: boolean): Promise<undefined> {
    for (const { key } of limits) this.#settle(key, failed);
  }

  async turnAway(key: string): Promise<boolean> {
    const count = this.#counts.get(key);
    if (count === undefined || count.turnedAway) return false;
    count.turnedAway = true;
    return true;
  }

  async prune(): Promise<void> {
    const now = this.#steady();
    for (const [key, count] of this.#counts) {
      if (count.open === 0 && count.windowEnds <= now) this.#counts.delete(key);
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

  #take({ key, rule }: CountedLimit): void {
    this.#countOf(key, this.#steady(), rule).open++;
  }

  #settle(key: string, failed: boolean): void {
    const count = this.#counts.get(key);
    if (count === undefined) return;
    count.open = Math.max(0, count.open - 1);
    if (failed) count.failures++;
    else if (count.failures === 0 && count.open === 0) this.#counts.delete(key);
  }

  #countOf(key: string, now: number, rule: Rule): Count {
    const known = this.#counts.get(key);
    if (known === undefined) {
      if (this.#counts.size >= this.#capacity) this.#forgetOldest();
      const count = { failures: 0, open: 0, windowEnds: now + rule.windowMs, turnedAway: false };
      this.#counts.set(key, count);
      return count;
    }
    if (known.windowEnds <= now) {
      known.failures = 0;
      known.turnedAway = false;
      known.windowEnds = now + rule.windowMs;
    }
    return known;
  }

  #forgetOldest(): void {
    for (const [key, count] of this.#counts) {
      if (count.open > 0) continue;
      this.#counts.delete(key);
      return;
    }
  }
}
