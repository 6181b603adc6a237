/** Pauses between two attempts to have one connection more, in milliseconds. */
const shortestPause = 200;
const longestPause = 30_000;

/**
 * The number of connections that PostgreSQL lets a pool have, as far as known. A refused connection lowers it to the
 * number that is open; after a pause, which doubles each time, a single probe may raise it again.
 */
export class PoolCeiling {
  readonly #max: number;
  #ceiling: number;
  #pause = shortestPause;
  #probeAt = 0;

  constructor(max: number) {
    this.#max = max;
    this.#ceiling = max;
  }

  get value(): number {
    return this.#ceiling;
  }

  /** @returns whether one connection more may be opened. @param size open, opening and closing connections */
  allows(size: number, opening: number): boolean {
    if (size < this.#ceiling) return true;
    return size < this.#max && opening === 0 && performance.now() >= this.#probeAt;
  }

  /** Milliseconds until the next probe. */
  get probeIn(): number {
    return Math.max(0, this.#probeAt - performance.now());
  }

  /** @param open connections that are open. @returns whether this is the first refusal since the pool was unlimited */
  refused(open: number): boolean {
    const first = this.#ceiling === this.#max;
    // A refusal of several connections at once is one refusal.
    if (this.probeIn === 0) {
      this.#probeAt = performance.now() + this.#pause;
      // Without any connection every request waits.
      if (open > 0) this.#pause = Math.min(this.#pause * 2, longestPause);
    }
    this.#ceiling = Math.min(open, this.#max - 1);
    return first;
  }

  /** @param open connections that are open */
  opened(open: number): void {
    if (open <= this.#ceiling) return;
    this.#ceiling = open;
    this.tryAgain();
  }

  /** Lets the next probe take place at once. */
  tryAgain(): void {
    this.#pause = shortestPause;
    this.#probeAt = 0;
  }
}
