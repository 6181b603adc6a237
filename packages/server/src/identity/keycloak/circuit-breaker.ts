/** Nothing was asked: whoever would be asked has failed too often just now. */
export class CircuitOpen extends Error {
  /** Milliseconds after which another try makes sense. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super("not asked: it failed too often just now");
    this.retryAfterMs = retryAfterMs;
  }
}

export interface BreakerOptions {
  /** Milliseconds, by a clock that is never set back. */
  readonly steady: () => number;
  /** Whether an error is a failure of the one that is asked, and no answer of its. */
  readonly isFailure: (error: unknown) => boolean;
  /** So many failures one after the other open the circuit. */
  readonly failures?: number;
  /** How long nobody is let through after that, in milliseconds; doubled each time the next try fails too. */
  readonly firstPause?: number;
  readonly longestPause?: number;
}

/**
 * Stops asking somebody who does not answer. After a pause one caller is let through; what comes of it decides
 * for all. Any answer closes the circuit, also one to a question that was asked before it opened.
 */
export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>;
  #failures = 0;
  #pause: number;
  /** Until when nobody is let through; undefined while the circuit is closed. */
  #openUntil: number | undefined;
  #trial = false;

  constructor(options: BreakerOptions) {
    this.#options = { failures: 5, firstPause: 1_000, longestPause: 10_000, ...options };
    this.#pause = this.#options.firstPause;
  }

  get isOpen(): boolean {
    return this.#openUntil !== undefined;
  }

  /** @throws {CircuitOpen} where `work` is not begun, and what `work` throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const isTrial = this.#admit();
    try {
      const answer = await work();
      this.#close();
      return answer;
    } catch (error) {
      if (this.#options.isFailure(error)) this.#count(isTrial);
      else this.#close();
      throw error;
    } finally {
      if (isTrial) this.#trial = false;
    }
  }

  /** @returns whether the circuit is open and this is the one to try */
  #admit(): boolean {
    if (this.#openUntil === undefined) return false;
    const left = this.#openUntil - this.#options.steady();
    if (left > 0 || this.#trial) throw new CircuitOpen(Math.max(left, this.#options.firstPause));
    this.#trial = true;
    return true;
  }

  #close(): void {
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#pause = this.#options.firstPause;
  }

  #count(isTrial: boolean): void {
    this.#failures++;
    // What was asked before it opened says nothing new.
    const opens = isTrial || (this.#openUntil === undefined && this.#failures >= this.#options.failures);
    if (!opens) return;
    this.#openUntil = this.#options.steady() + this.#pause;
    this.#pause = Math.min(this.#pause * 2, this.#options.longestPause);
  }
}
