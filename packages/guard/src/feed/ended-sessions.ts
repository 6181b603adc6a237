import type { Clocks } from "../support/clocks.ts";

interface Ended {
  /** Expiry of the session's last token, in milliseconds since the epoch. */
  readonly until: number;
  /** The same by the steady clock, computed when the entry arrived. */
  readonly steadyUntil: number;
}

/** Most sessions in memory, which take some 150 MB. */
const maxSessions = 1_000_000;
/** The longest clock tolerance that a guard may have, in milliseconds. */
const longestTolerance = 60_000;
/** Bound on what the issuer's `Date` header can add, in milliseconds: a proxy may have written it. */
const longestByDate = 2 * 86_400_000;
/** Entries per sweep. A million take eight minutes of heartbeats, and no call waits long. */
const sweepSize = 10_000;

/**
 * The sessions known to have ended. An entry is removed only after its `until` by both clocks, so a clock that
 * is set wrong removes none too early. The steady deadline is computed from the issuer's time. So it holds even
 * if the guard's own clock is wrong when the entry arrives.
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
   * @returns `full` if room is lacking; the caller decides the consequence
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

  /** Longest remaining life of the session's tokens, in milliseconds: the longer of two estimates. */
  #left(until: number): number {
    const { now, steady } = this.#clocks;
    const byOwnClock = until - now();
    if (this.#issuerOffset === undefined) return byOwnClock;
    return Math.max(byOwnClock, Math.min(until - this.#issuerOffset - steady(), longestByDate));
  }

  /** Removes sessions without live tokens, a bounded number per call. */
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
