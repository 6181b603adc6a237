/**
 * Exponential backoff with full jitter: a random wait up to a bound that doubles. The jitter keeps many guards
 * from retrying at the same moment.
 */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  #bound: number;

  /** @param first bound of the first wait, in milliseconds @param most bound of every wait */
  constructor(first = 100, most = 10_000) {
    this.#first = first;
    this.#most = most;
    this.#bound = first;
  }

  /** The next wait, in milliseconds. */
  next(): number {
    const wait = Math.random() * this.#bound;
    this.#bound = Math.min(this.#bound * 2, this.#most);
    return wait;
  }

  /** The longest wait, for a failure that an early retry cannot mend. */
  longest(): number {
    this.#bound = this.#most;
    return this.#most;
  }

  /** Returns to the first bound, after a success. */
  reset(): void {
    this.#bound = this.#first;
  }
}
