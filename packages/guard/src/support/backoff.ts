/** How long to wait between tries that fail: any time up to a bound that doubles, so guards do not march in step. */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  #bound: number;

  /** @param first bound of the first pause, in milliseconds @param most bound of any */
  constructor(first = 100, most = 10_000) {
    this.#first = first;
    this.#most = most;
    this.#bound = first;
  }

  /** The next pause, in milliseconds. */
  next(): number {
    const pause = Math.random() * this.#bound;
    this.#bound = Math.min(this.#bound * 2, this.#most);
    return pause;
  }

  /** The longest pause: for a failure that trying soon will not mend. */
  longest(): number {
    this.#bound = this.#most;
    return this.#most;
  }

  reset(): void {
    this.#bound = this.#first;
  }
}
