import type { SteadyClock } from "./clock.ts";

/** A forward step of a clock that elapsed time does not confirm. */
export interface Leap {
  readonly ms: number;
  /** The elapsed time for which the clock has kept it, in milliseconds. */
  readonly keptFor: number;
}

/** One reading of a clock, and the leaps that are not believed yet. A restarted process continues from it. */
export interface DeletionTimeRecord {
  /** The clock's last reading, in milliseconds since the epoch. */
  readonly seenAt: number;
  readonly leaps: readonly Leap[];
}

/** The difference between clock and elapsed time that is ignored, in milliseconds. */
const leapTolerance = 60_000;
/** The largest drift of two good clocks, as a share of elapsed time: the most that NTP slews. */
const commonDrift = 0.0005;
/** The running time after which a leap is believed, in milliseconds. */
const believedAfter = 86_400_000;

/**
 * The time that an irreversible deletion may follow. It is the clock's time without every forward leap that elapsed
 * time does not confirm. A wrong clock delays a deletion, and never advances one.
 *
 * A leap is believed once the clock has kept it for a day of running time: by then it is a corrected clock, a machine
 * that slept, or a server that was stopped for long. A step back cancels the newest leaps first.
 */
export class DeletionTime {
  readonly #steady: SteadyClock;
  #seenAt: number;
  #seenSteady: number;
  /** Forward differences that are each too small to be a leap. */
  #drift = 0;
  #leaps: Leap[];

  /** @param record the last record of an earlier process. A long time since then counts as a leap */
  constructor(steady: SteadyClock, record: DeletionTimeRecord) {
    this.#steady = steady;
    this.#seenAt = record.seenAt;
    this.#seenSteady = steady();
    this.#leaps = [...record.leaps];
  }

  /** The distance of the deletion time behind the clock, in milliseconds. */
  get lag(): number {
    return this.#leaps.reduce((sum, { ms }) => sum + ms, 0);
  }

  get record(): DeletionTimeRecord {
    return { seenAt: this.#seenAt, leaps: this.#leaps };
  }

  /**
   * Takes one reading of the clock.
   *
   * @param now milliseconds since the epoch
   * @returns the deletion time
   */
  read(now: number): number {
    const steady = this.#steady();
    const elapsed = steady - this.#seenSteady;
    const leap = now - this.#seenAt - elapsed;
    this.#seenAt = now;
    this.#seenSteady = steady;
    this.#leaps = this.#leaps
      .map(({ ms, keptFor }) => ({ ms, keptFor: keptFor + elapsed }))
      .filter(({ keptFor }) => keptFor < believedAfter);
    if (leap < 0) this.#stepBack(-leap);
    else this.#stepForward(leap, elapsed);
    return now - this.lag;
  }

  #stepForward(ms: number, elapsed: number): void {
    if (this.#drift + ms > leapTolerance) {
      this.#leaps.push({ ms: this.#drift + ms, keptFor: 0 });
      this.#drift = 0;
    } else {
      this.#drift = Math.max(0, this.#drift + ms - elapsed * commonDrift);
    }
  }

  #stepBack(ms: number): void {
    let left = ms - this.#drift;
    this.#drift = Math.max(0, -left);
    while (left > 0) {
      const newest = this.#leaps.pop();
      if (newest === undefined) return;
      if (newest.ms > left) this.#leaps.push({ ...newest, ms: newest.ms - left });
      left -= newest.ms;
    }
  }
}
