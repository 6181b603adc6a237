import { LatchkeyError } from "../errors.ts";
import { FairQueue, type Requester } from "./fair-queue.ts";
import { ReleaseGroup } from "./release-group.ts";

/** A hash that waits. */
interface Waiter {
  start(): void;
  /** Refuses the hash, because another requester takes its place in the queue. */
  displace(): void;
}

/** A requester that may close its connection. */
export interface HashRequester extends Requester {
  readonly signal?: AbortSignal;
}

/**
 * A bounded queue of password hashes. Addresses and accounts take turns (see `fair-queue.ts`).
 *
 * One address or account may fill the queue while no other needs it. In a full queue a newcomer may displace a waiter:
 * the newest of the group with the most waiters. That group must have more than the newcomer's share. Otherwise the
 * newcomer is refused at once.
 */
export class HashQueue {
  /** Hashes that run at the same time, at most. */
  readonly concurrency: number;
  /** Hashes that wait, at most. */
  readonly maxWaiting: number;
  readonly #waiting = new FairQueue<Waiter>();
  /** Adds up to 100 ms to a hash when eight or more wait. The p50 of a login falls all the same. */
  readonly #finished = new ReleaseGroup({ size: 8, timeoutMs: 100 });
  #running = 0;

  constructor(limits: { readonly concurrency: number; readonly maxWaiting: number }) {
    this.concurrency = limits.concurrency;
    this.maxWaiting = limits.maxWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether `run` would accept this requester now: at once, in the queue, or instead of another waiter. */
  hasRoom(requester?: Requester): boolean {
    if (this.#running < this.concurrency || this.#waiting.size < this.maxWaiting) return true;
    return requester !== undefined && this.#waiting.displaceable(requester) !== undefined;
  }

  /** @throws {LatchkeyError} `overloaded` if `run` would refuse this requester now */
  assertRoom(requester: Requester): void {
    if (!this.hasRoom(requester)) throw new LatchkeyError("overloaded", { reason: "hash queue full" });
  }

  /**
   * Runs `work` when its turn comes.
   *
   * @throws {LatchkeyError} `overloaded` at once if the queue is full, or later if another requester displaces this
   * one; `client_gone` if `signal` is aborted before the turn comes
   */
  async run<T>(work: () => Promise<T>, requester: HashRequester): Promise<T> {
    this.assertRoom(requester);
    if (requester.signal?.aborted) throw new LatchkeyError("client_gone");
    if (this.#running < this.concurrency) this.#running++;
    else await this.#wait(requester);
    try {
      return await work();
    } finally {
      this.#next();
      await this.#finished.join(this.#waiting.size);
    }
  }

  #wait(requester: HashRequester): Promise<void> {
    if (this.#waiting.size >= this.maxWaiting) this.#displaceFor(requester);
    const { signal } = requester;
    return new Promise((resolve, reject) => {
      const hangUp = () => {
        waiting.leave();
        reject(new LatchkeyError("client_gone"));
      };
      const waiting = this.#waiting.add(requester, {
        start() {
          signal?.removeEventListener("abort", hangUp);
          resolve();
        },
        displace() {
          signal?.removeEventListener("abort", hangUp);
          const reason = "displaced from the hash queue by another address or account";
          reject(new LatchkeyError("overloaded", { reason }));
        },
      });
      signal?.addEventListener("abort", hangUp, { once: true });
    });
  }

  #displaceFor(requester: Requester): void {
    const displaced = this.#waiting.displaceable(requester);
    displaced?.leave();
    displaced?.item.displace();
  }

  /** Passes the slot to the next waiter directly, so a newcomer cannot take it in between. */
  #next(): void {
    if (this.#waiting.size === 0) this.#running--;
    else this.#waiting.next()?.start();
  }
}
