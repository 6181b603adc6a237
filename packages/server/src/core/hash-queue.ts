import { LatchkeyError } from "./errors.ts";
import { ReleaseGroup } from "./release-group.ts";

interface Waiting {
  start(): void;
}

/**
 * Lets a bounded number of password hashes run and a bounded number wait. When both are full the answer
 * is an immediate no, which costs nothing; a caller who hangs up gives the place back.
 */
export class HashQueue {
  readonly #concurrency: number;
  readonly #places: number;
  readonly #waiting = new Set<Waiting>();
  /** Under a full load it costs a caller at most this much; alone or in a small crowd nobody waits. */
  readonly #finished = new ReleaseGroup({ size: 8, patienceMs: 100 });
  #running = 0;

  constructor(limits: { readonly concurrency: number; readonly places: number }) {
    this.#concurrency = limits.concurrency;
    this.#places = limits.places;
  }

  /** How many may run at once. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** How many may wait. */
  get places(): number {
    return this.#places;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  hasRoom(): boolean {
    return this.#running < this.#concurrency || this.#waiting.size < this.#places;
  }

  /** @throws {LatchkeyError} `overloaded` where `run` would be refused now */
  assertRoom(): void {
    if (this.hasRoom()) return;
    throw new LatchkeyError("overloaded", { reason: "hash queue full", retryAfter: 1 });
  }

  /**
   * Runs `work` when its turn comes.
   *
   * @throws {LatchkeyError} `overloaded` at once where the queue is full; `client_gone` where `signal` is
   * aborted before the turn comes
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.assertRoom();
    if (signal?.aborted) throw new LatchkeyError("client_gone");
    if (this.#running < this.#concurrency) this.#running++;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#next();
      await this.#finished.join(this.#waiting.size);
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(place);
        reject(new LatchkeyError("client_gone"));
      };
      const place: Waiting = {
        start: () => {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      this.#waiting.add(place);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** The running slot goes straight to the one who waited longest, so nobody can slip in between. */
  #next(): void {
    for (const place of this.#waiting) {
      this.#waiting.delete(place);
      place.start();
      return;
    }
    this.#running--;
  }
}
