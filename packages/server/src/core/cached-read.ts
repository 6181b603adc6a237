import { type Clocks, type Moment, momentOf, since } from "@latchkey/guard/clocks";
import type { SteadyClock } from "./clock.ts";
import { LatchkeyError } from "./errors.ts";

/**
 * What was read longer ago than this, in milliseconds, is read again before anything is decided by it: what changed
 * elsewhere counts within a second, also where the store does not say so by itself.
 */
const freshFor = 700;
/** How long a reading may take before a caller is refused rather than kept waiting, in milliseconds. */
const readTimeout = 500;

/** Something that others change in the store, and that must not be believed for long. */
export class CachedRead {
  readonly #name: string;
  readonly #read: () => Promise<void>;
  readonly #clocks: Clocks;
  #readAt: Moment | undefined;
  #inFlight: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param name for the log */
  constructor(name: string, read: () => Promise<void>, clocks: Clocks) {
    this.#name = name;
    this.#read = read;
    this.#clocks = clocks;
  }

  /** Milliseconds since it was last read with success. A wall clock that is set back makes nothing younger or older. */
  get age(): number {
    return this.#readAt === undefined ? Number.POSITIVE_INFINITY : since(this.#readAt, this.#clocks);
  }

  get isFresh(): boolean {
    return this.age < freshFor;
  }

  /** Reads it. */
  async read(): Promise<void> {
    const began = momentOf(this.#clocks);
    await this.#read();
    if (this.#readAt === undefined || began.steady >= this.#readAt.steady) this.#readAt = began;
  }

  /**
   * Reads it, unless that was done a moment ago.
   *
   * @throws {LatchkeyError} `store_unavailable` where it cannot be read now
   */
  async refresh(): Promise<void> {
    if (this.isFresh) return;
    this.#inFlight ??= this.#readInTime().finally(() => {
      this.#inFlight = undefined;
    });
    await this.#inFlight;
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
    await this.#inFlight?.catch(() => {});
    this.#next = undefined;
    this.#inFlight = this.#readInTime().finally(() => {
      this.#inFlight = undefined;
    });
    await this.#inFlight;
  }

  async #readInTime(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const refusal = new LatchkeyError("store_unavailable", {
      reason: `${this.#name} not read`,
      retryAfter: 1,
    });
    const timer = setTimeout(() => late.reject(refusal), readTimeout);
    try {
      await Promise.race([this.read(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** How long an answer is shared after the check has ended, in milliseconds. */
const shared = { success: 1_000, failure: 250 };

/**
 * A single-flight check with a short memory: concurrent callers share one run, and later callers its answer for a
 * moment. However often strangers ask, the check runs about once a second.
 */
export function sharedCheck(check: () => Promise<void>, steady: SteadyClock): () => Promise<void> {
  let answer: Promise<void> | undefined;
  let staleAt = Number.POSITIVE_INFINITY;
  const keepFor = (duration: number) => () => {
    staleAt = steady() + duration;
  };
  return () => {
    if (answer !== undefined && steady() < staleAt) return answer;
    staleAt = Number.POSITIVE_INFINITY;
    answer = check();
    answer.then(keepFor(shared.success), keepFor(shared.failure));
    return answer;
  };
}
