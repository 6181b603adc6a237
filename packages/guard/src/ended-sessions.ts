import type { Clocks } from "./clocks.ts";

interface Ended {
  /** After this no token of the session is valid, in milliseconds since the epoch. */
  readonly until: number;
  /** The same by the steady clock, as it was when this was heard. */
  readonly steadyUntil: number;
}

/** The most that are remembered: some 150 MB. */
const maxSessions = 1_000_000;
/** The longest clock tolerance that a guard may have, in milliseconds. */
const longestTolerance = 60_000;
/** How many are looked at each time: a million take eight minutes of heartbeats, and no call waits for it. */
const sweepSize = 10_000;

/**
 * The sessions that are known to have ended. None is forgotten before its `until`, whichever way the clock is
 * set: both clocks must have passed it.
 */
export class EndedSessions {
  readonly #clocks: Clocks;
  readonly #most: number;
  readonly #ended = new Map<string, Ended>();
  #sweep = this.#ended.entries();

  constructor(clocks: Clocks, most: number = maxSessions) {
    this.#clocks = clocks;
    this.#most = most;
  }

  get size(): number {
    return this.#ended.size;
  }

  has(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }

  /**
   * @param until in milliseconds since the epoch
   * @returns `full` where there is no room: what follows from that is the caller's to decide
   */
  add(sessionId: string, until: number): "added" | "known" | "full" {
    const known = this.#ended.get(sessionId);
    if (known !== undefined && known.until >= until) return "known";
    if (known === undefined && this.#ended.size >= this.#most) {
      this.forgetExpired(this.#ended.size);
      if (this.#ended.size >= this.#most) return "full";
    }
    const { now, steady } = this.#clocks;
    this.#ended.set(sessionId, { until, steadyUntil: steady() + until - now() });
    return known === undefined ? "added" : "known";
  }

  /** Forgets sessions of which no token can be valid any more, some each time. */
  forgetExpired(atMost: number = sweepSize): void {
    const now = this.#clocks.now() - longestTolerance;
    const steady = this.#clocks.steady() - longestTolerance;
    for (let left = Math.min(atMost, this.#ended.size); left > 0; left--) {
      let next = this.#sweep.next();
      if (next.done) {
        this.#sweep = this.#ended.entries();
        next = this.#sweep.next();
      }
      if (next.done) return;
      const [sessionId, { until, steadyUntil }] = next.value;
      if (until < now && steadyUntil < steady) this.#ended.delete(sessionId);
    }
  }
}
