import type { Clocks } from "../support/clocks.ts";

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
/** The issuer's `Date` makes a session remembered for at most so long, in milliseconds: a proxy may have written it. */
const longestByDate = 2 * 86_400_000;
/** How many are looked at each time: a million take eight minutes of heartbeats, and no call waits for it. */
const sweepSize = 10_000;

/**
 * The sessions that are known to have ended. None is forgotten before its `until`, whichever way the clock is
 * set: both clocks must have passed it. The steady clock's share is measured from the issuer's time, so that a
 * guard whose clock is wrong when it hears of a session still remembers it for as long as its tokens live.
 */
export class EndedSessions {
  readonly #clocks: Clocks;
  readonly #most: number;
  readonly #ended = new Map<string, Ended>();
  #sweep = this.#ended.entries();
  /** The issuer's time minus the steady clock's. */
  #issuerOffset: number | undefined;

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
    this.#ended.set(sessionId, { until, steadyUntil: this.#clocks.steady() + this.#left(until) });
    return known === undefined ? "added" : "known";
  }

  /** Notes the issuer's time. @param at milliseconds since the epoch */
  noteIssuerTime(at: number): void {
    this.#issuerOffset = at - this.#clocks.steady();
  }

  /** For how long tokens of a session may be valid, by the clock that says more. */
  #left(until: number): number {
    const { now, steady } = this.#clocks;
    const byOwnClock = until - now();
    if (this.#issuerOffset === undefined) return byOwnClock;
    return Math.max(byOwnClock, Math.min(until - this.#issuerOffset - steady(), longestByDate));
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
