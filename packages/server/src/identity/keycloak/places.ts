import { LatchkeyError } from "../../core/errors.ts";

/** So many at once and no more: who comes too late is told so at once, and waits nowhere. */
export class Places {
  #free: number;

  constructor(most: number) {
    this.#free = most;
  }

  /** @throws {LatchkeyError} `overloaded` where there is no place */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0)
      throw new LatchkeyError("overloaded", { reason: "too many ask the realm", retryAfter: 1 });
    this.#free--;
    try {
      return await work();
    } finally {
      this.#free++;
    }
  }
}
