import { type Clocks, type Moment, momentOf, since } from "@latchkey/guard/clocks";
import { SingleFlight } from "@latchkey/guard/single-flight";
import { settlesWithin } from "@latchkey/guard/timers";
import { storeUnavailable } from "../errors.ts";

/**
 * How long a read is trusted, in milliseconds. Every process honours a change by another one within a second, also if
 * the store does not announce changes.
 */
const freshFor = 700;
/** How long a caller waits for a read before it is refused, in milliseconds. */
const readTimeout = 500;

/** A cached read that is trusted for 700 ms. Concurrent callers share one read. */
export class CachedRead {
  readonly #name: string;
  readonly #read: () => Promise<void>;
  readonly #clocks: Clocks;
  readonly #reading: SingleFlight<void>;
  #readAt: Moment | undefined;

  /** @param name for the log */
  constructor(name: string, read: () => Promise<void>, clocks: Clocks) {
    this.#name = name;
    this.#read = read;
    this.#clocks = clocks;
    this.#reading = new SingleFlight(clocks);
  }

  /** Milliseconds since the last successful read began. A wall clock that is set back does not change it. */
  get age(): number {
    return this.#readAt === undefined ? Number.POSITIVE_INFINITY : since(this.#readAt, this.#clocks);
  }

  get isFresh(): boolean {
    return this.age < freshFor;
  }

  /** Reads now, whatever the age. */
  async read(): Promise<void> {
    const began = momentOf(this.#clocks);
    await this.#read();
    if (this.#readAt === undefined || began.steady >= this.#readAt.steady) this.#readAt = began;
  }

  /**
   * Reads unless the last read is fresh.
   *
   * @throws {LatchkeyError} `store_unavailable` if the read fails or takes too long
   */
  async refresh(): Promise<void> {
    if (!this.isFresh) await this.#reading.join(() => this.#readInTime());
  }

  /**
   * Reads in any case. Concurrent callers share the next read, and never one that began before they asked.
   *
   * @throws {LatchkeyError} `store_unavailable` if the read fails or takes too long
   */
  renew(): Promise<void> {
    return this.#reading.joinNext(() => this.#readInTime());
  }

  async #readInTime(): Promise<void> {
    if (await settlesWithin(this.read(), readTimeout)) return;
    throw storeUnavailable(`${this.#name} not read`);
  }
}
