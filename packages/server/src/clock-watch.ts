import type { Clock, SteadyClock } from "./core/clock.ts";
import { type ClockOffset, isFarOff, measureOffset, secondsOf } from "./core/clock-offset.ts";
import { DeletionTime } from "./core/deletion-time.ts";
import type { Log } from "./log.ts";
import type { Store } from "./store/store.ts";

/** A stop shorter than this is normal, so it causes no warning, in milliseconds. */
const normalDowntime = 86_400_000;

/** The clocks, the record of the last reading, and the log. */
export interface ClockWatchParts {
  readonly store: Pick<Store, "time" | "deletionRecord">;
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly log: Log;
}

/**
 * Compares the wall clock of this process, its steady clock, and the clock of a shared database. Deletions follow the
 * database's clock. Each disagreement is logged once.
 */
export class ClockWatch {
  readonly #parts: ClockWatchParts;
  readonly #time: DeletionTime;
  #offset: ClockOffset | undefined;
  #farOff = false;
  #lagging = false;

  private constructor(parts: ClockWatchParts, time: DeletionTime) {
    this.#parts = parts;
    this.#time = time;
  }

  /** @throws {LatchkeyError} `store_unavailable` if the database cannot be read now */
  static async open(parts: ClockWatchParts): Promise<ClockWatch> {
    const { store, clock, steady } = parts;
    const record = await store.deletionRecord.read();
    const seenAt = record?.seenAt ?? (await store.time?.()) ?? clock();
    const watch = new ClockWatch(parts, new DeletionTime(steady, { seenAt, leaps: record?.leaps ?? [] }));
    await watch.read("start");
    return watch;
  }

  /** The last measured offset from the database's clock. Undefined without a shared database. */
  get offset(): ClockOffset | undefined {
    return this.#offset;
  }

  /** How far deletions are behind the clock, in milliseconds. */
  get lag(): number {
    return this.#time.lag;
  }

  /** One sentence if this process's clock is far off the database's. */
  get warning(): string | undefined {
    if (this.#offset === undefined || !this.#farOff) return undefined;
    const { offset } = this.#offset;
    const seconds = Math.round(Math.abs(offset) / 1000);
    const direction = offset > 0 ? "ahead of" : "behind";
    return `this machine's clock is ${seconds} seconds ${direction} the database's: set up NTP on both`;
  }

  /**
   * Reads the clocks.
   *
   * @returns the time for deletions, in milliseconds since the epoch
   * @throws {LatchkeyError} `store_unavailable` if the database's clock cannot be read now
   */
  async read(when: "start" | "later" = "later"): Promise<number> {
    const { store, clock, steady, log } = this.#parts;
    const measured = store.time && (await measureOffset(store.time, clock, steady));
    if (measured !== undefined) this.#noteOffset(measured);
    const now = measured?.databaseTime ?? clock();
    const expected = this.#time.record.seenAt;
    const deletionTime = this.#time.read(now);
    const { lag } = this.#time;
    if (lag > 0 && !this.#lagging) {
      const fields = { clock: isoOf(now), followed: isoOf(deletionTime), lastSeen: isoOf(expected) };
      const message =
        when === "start"
          ? "the server was stopped for a while, or the clock is ahead: rows that expired since then are deleted in a day"
          : "the clock jumped ahead of elapsed time: deletions follow elapsed time until the clock has agreed with it for a day";
      if (when === "start" && lag < normalDowntime) log.info(fields, message);
      else log.warn(fields, message);
    }
    if (lag === 0 && this.#lagging) log.info({ clock: isoOf(now) }, "the clocks agree again");
    this.#lagging = lag > 0;
    return deletionTime;
  }

  /** Stores the last reading, so that a restart continues from it. */
  async keep(): Promise<void> {
    await this.#parts.store.deletionRecord.write(this.#time.record);
  }

  #noteOffset(measured: ClockOffset): void {
    this.#offset = measured;
    const farOff = isFarOff(measured);
    const changed = farOff !== this.#farOff;
    this.#farOff = farOff;
    if (!changed) return;
    const { log } = this.#parts;
    const { databaseTime, offset, uncertainty } = measured;
    const fields = {
      clock: isoOf(databaseTime + offset),
      databaseClock: isoOf(databaseTime),
      offsetSeconds: secondsOf(offset),
      uncertaintySeconds: secondsOf(uncertainty),
    };
    if (farOff) log.warn(fields, this.warning ?? "");
    else log.info(fields, "this machine's clock agrees with the database's again");
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
