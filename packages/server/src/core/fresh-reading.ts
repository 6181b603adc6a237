import { LatchkeyError } from "./errors.ts";
import type { Clock } from "./ports.ts";

/**
 * What was read longer ago than this, in milliseconds, is read again before anything is decided by it: what changed
 * elsewhere counts within a second, also where the store does not say so by itself.
 */
const freshFor = 700;
/** How long a reading may take before a caller is refused rather than kept waiting, in milliseconds. */
const patience = 500;

/** Something that others change in the store, and that must not be believed for long. */
export class FreshReading {
  readonly #what: string;
  readonly #read: () => Promise<void>;
  readonly #clock: Clock;
  #readAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param what its name, for the log */
  constructor(what: string, read: () => Promise<void>, clock: Clock) {
    this.#what = what;
    this.#read = read;
    this.#clock = clock;
  }

  /** When it was last read with success, in milliseconds since the epoch. */
  get readAt(): number {
    return this.#readAt;
  }

  get isFresh(): boolean {
    const age = this.#clock() - this.#readAt;
    return age >= 0 && age < freshFor;
  }

  /** Reads it. */
  async read(): Promise<void> {
    const began = this.#clock();
    await this.#read();
    this.#readAt = Math.max(this.#readAt, began);
  }

  /**
   * Reads it, unless that was done a moment ago.
   *
   * @throws {LatchkeyError} `store_unavailable` where it cannot be read now
   */
  async refresh(): Promise<void> {
    if (this.isFresh) return;
    this.#underWay ??= this.#readSoon().finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
  }

  /**
   * Reads it once more, from this moment on: many who ask meanwhile share the next reading, and never one that had begun
   * before they asked.
   *
   * @throws {LatchkeyError} `store_unavailable` where it cannot be read now
   */
  async renew(): Promise<void> {
    this.#next ??= this.#afterThis();
    await this.#next;
  }

  async #afterThis(): Promise<void> {
    await this.#underWay?.catch(() => {});
    this.#next = undefined;
    this.#underWay = this.#readSoon().finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
  }

  async #readSoon(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const refusal = new LatchkeyError("store_unavailable", {
      reason: `${this.#what} not read`,
      retryAfter: 1,
    });
    const timer = setTimeout(() => late.reject(refusal), patience);
    try {
      await Promise.race([this.read(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
