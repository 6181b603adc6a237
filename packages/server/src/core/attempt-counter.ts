import type { Clock } from "./ports.ts";

/** So many failures are let through within a window that the first of them opens. */
export interface Rule {
  readonly limit: number;
  readonly windowMs: number;
}

export type Reservation =
  | { readonly admitted: true }
  | {
      readonly admitted: false;
      readonly retryAfterMs: number;
      /** Whether the limit is used up by failures, and not just by attempts whose outcome is open. */
      readonly exhausted: boolean;
    };

/** Counts attempts under keys. A reservation is settled once it is known how the attempt went. */
export interface AttemptCounter {
  reserve(key: string, rule: Rule): Promise<Reservation>;
  settle(key: string, failed: boolean): Promise<void>;
  /** Notes that somebody was turned away. @returns whether that is the first since the limit was reached */
  turnAway(key: string): Promise<boolean>;
}

interface Count {
  failures: number;
  /** Attempts whose outcome is open; they count, so that parallel guesses cannot slip past the limit. */
  open: number;
  windowEnds: number;
  turnedAway: boolean;
}

const soon = 1000;

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

  async reserve(key: string, rule: Rule): Promise<Reservation> {
    const now = this.#clock();
    const count = this.#countOf(key, now, rule);
    if (count.failures + count.open < rule.limit) {
      count.open++;
      return { admitted: true };
    }
    const exhausted = count.failures >= rule.limit;
    // Where attempts are still open they may well succeed, and then there is room again at once.
    return { admitted: false, retryAfterMs: exhausted ? count.windowEnds - now : soon, exhausted };
  }

  async settle(key: string, failed: boolean): Promise<void> {
    const count = this.#counts.get(key);
    if (count === undefined) return;
    count.open = Math.max(0, count.open - 1);
    if (failed) count.failures++;
    else if (count.failures === 0 && count.open === 0) this.#counts.delete(key);
  }

  async turnAway(key: string): Promise<boolean> {
    const count = this.#counts.get(key);
    if (count === undefined || count.turnedAway) return false;
    count.turnedAway = true;
    return true;
  }

  /** Forgets what has expired. */
  prune(): void {
    const now = this.#clock();
    for (const [key, count] of this.#counts) {
      if (count.open === 0 && count.windowEnds <= now) this.#counts.delete(key);
    }
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
