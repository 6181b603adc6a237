import type { Caller } from "../core/audit-events.ts";
import type { RequestLimit } from "../core/throttle/request-limit.ts";
import type { FetchSlots } from "./fetch-slots.ts";

/** The limits of all fetches of a server. */
export interface FetchLimits {
  /** Fetches at once. */
  readonly slots: FetchSlots;
  /** Fetches that callers of one network cause. */
  readonly perNetwork: RequestLimit;
}

/** Bounds work that strangers can cause: single-flight for each URL, a limit for each network, and so many at once. */
export class FetchGate<T> {
  readonly #limits: FetchLimits;
  readonly #flights = new Map<string, Promise<T>>();

  constructor(limits: FetchLimits) {
    this.#limits = limits;
  }

  /**
   * Joins the work for a URL, or begins it.
   *
   * @param work has a timeout of its own
   * @throws {LatchkeyError} `rate_limited` or `overloaded` if the work was not begun, besides the errors of `work`
   */
  async run(url: string, caller: Caller, work: () => Promise<T>): Promise<T> {
    if (!this.#flights.has(url)) await this.#limits.perNetwork.count(caller);
    return this.#flights.get(url) ?? this.#begin(url, caller, work);
  }

  async #begin(url: string, caller: Caller, work: () => Promise<T>): Promise<T> {
    const slot = this.#limits.slots.acquire(url, caller);
    const flight = work().finally(() => {
      slot[Symbol.dispose]();
      this.#flights.delete(url);
    });
    this.#flights.set(url, flight);
    return flight;
  }
}
