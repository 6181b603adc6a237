/** Pauses between two attempts to open a further connection, in milliseconds. */
const shortestPause = 200;
const longestPause = 30_000;

/**
 * An estimate of how many connections PostgreSQL allows. A refused connection lowers it to the number of open ones.
 * After a pause, which doubles each time, a single probe may raise it again.
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

  /** @returns whether a further connection may be opened. @param size open, opening and closing connections */
  allows(size: number, opening: number): boolean {
    if (size < this.#ceiling) return true;
    return size < this.#max && opening === 0 && performance.now() >= this.#probeAt;
  }

  /** Milliseconds until the next probe. */
  get probeIn(): number {
    return Math.max(0, this.#probeAt - performance.now());
  }

  /** @param open open connections. @returns whether this is the first refusal since the pool had its full size */
  refused(open: number): boolean {
    const first = this.#ceiling === this.#max;
    // Several connections refused at once count as one refusal.
    if (this.probeIn === 0) {
      this.#probeAt = performance.now() + this.#pause;
      // Without any connection every request waits, so the pause stays short.
      if (open > 0) this.#pause = Math.min(this.#pause * 2, longestPause);
    }
    this.#ceiling = Math.min(open, this.#max - 1);
    return first;
  }

  /** @param open open connections */
  opened(open: number): void {
    if (open <= this.#ceiling) return;
    this.#ceiling = open;
    this.tryAgain();
  }

  /** Allows the next probe at once. */
  tryAgain(): void {
    this.#pause = shortestPause;
    this.#probeAt = 0;
  }
}
