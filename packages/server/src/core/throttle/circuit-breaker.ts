/** A request was rejected without being sent, because earlier ones failed. */
export class CircuitOpen extends Error {
  /** Milliseconds after which another request makes sense. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super("not sent: the circuit is open after repeated failures");
    this.retryAfterMs = retryAfterMs;
  }
}

export interface BreakerOptions {
  /** Milliseconds of a clock that is never set back. */
  readonly steady: () => number;
  /** Tells a failure of the other side from an error that is an answer. */
  readonly isFailure: (error: unknown) => boolean;
  /** The circuit opens after so many failures in a row. */
  readonly threshold?: number;
  /** The circuit stays open for so many milliseconds at first, and twice as long after each failed probe. */
  readonly minOpenTime?: number;
  readonly maxOpenTime?: number;
}

/**
 * A circuit breaker: it stops requests to a service that fails, so that callers get their error at once and the
 * service can recover. After a while one request goes out as a probe (half-open). Its outcome opens or closes the
 * circuit for all. Any other answer closes it too, also the late answer to an earlier request.
 */
export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>;
  #failures = 0;
  #openTime: number;
  /** The end of the open state; undefined while the circuit is closed. */
  #openUntil: number | undefined;
  #probing = false;

  constructor(options: BreakerOptions) {
    this.#options = { threshold: 5, minOpenTime: 1_000, maxOpenTime: 10_000, ...options };
    this.#openTime = this.#options.minOpenTime;
  }

  /** @throws {CircuitOpen} if `work` was not begun, besides the errors of `work` */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const isProbe = this.#admit();
    try {
      const answer = await work();
      this.#close();
      return answer;
    } catch (error) {
      if (this.#options.isFailure(error)) this.#count(isProbe);
      else this.#close();
      throw error;
    } finally {
      if (isProbe) this.#probing = false;
    }
  }

  /** @returns whether this request is the probe of an open circuit */
  #admit(): boolean {
    if (this.#openUntil === undefined) return false;
    const left = this.#openUntil - this.#options.steady();
    if (left > 0 || this.#probing) throw new CircuitOpen(Math.max(left, this.#options.minOpenTime));
    this.#probing = true;
    return true;
  }

  #close(): void {
    this.#failures = 0;
    this.#openUntil = undefined;
    this.#openTime = this.#options.minOpenTime;
  }

  #count(isProbe: boolean): void {
    this.#failures++;
    // While the circuit is open, the failure of an earlier request tells nothing new.
    const opens = isProbe || (this.#openUntil === undefined && this.#failures >= this.#options.threshold);
    if (!opens) return;
    this.#openUntil = this.#options.steady() + this.#openTime;
    this.#openTime = Math.min(this.#openTime * 2, this.#options.maxOpenTime);
  }
}
