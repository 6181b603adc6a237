/**
 * A promise that another part of the program settles, once. `Promise.withResolvers` does the same, but Node 20 does
 * not have it.
 */
export class Latch {
  readonly promise: Promise<void>;
  #open: () => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Settles the promise. Further calls do nothing. */
  open(): void {
    this.#open();
  }
}
