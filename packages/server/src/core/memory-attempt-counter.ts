import {
  type AttemptCounter,
  type CountedLimit,
  type Reservation,
  type Rule,
  soonMs,
} from "./attempt-counter.ts";
import type { Clock } from "./ports.ts";

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
  readonly #clock: Clock;
  readonly #capacity: number;

  constructor(clock: Clock, capacity = 200_000) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#counts.size;
  }

  async reserve(limits: readonly CountedLimit[]): Promise<Reservation[]> {
    return limits.map((limit) => this.#reserve(limit));
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
    const now = this.#clock();
    for (const [key, count] of this.#counts) {
      if (count.open === 0 && count.windowEnds <= now) this.#counts.delete(key);
    }
  }

  #reserve({ key, rule }: CountedLimit): Reservation {
    const now = this.#clock();
    const count = this.#countOf(key, now, rule);
    if (count.failures + count.open < rule.limit) {
      count.open++;
      return { admitted: true };
    }
    const exhausted = count.failures >= rule.limit;
    return { admitted: false, retryAfterMs: exhausted ? count.windowEnds - now : soonMs, exhausted };
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
