import { LatchkeyError } from "../errors.ts";
import { FairQueue, type Requester } from "./fair-queue.ts";

/** Work that waits for a slot. */
interface Waiter {
  start(): void;
  /** Refuses the work, because another requester takes its place in the queue. */
  displace(): void;
}

/** A requester that may close its connection. */
export interface QueuedRequester extends Requester {
  readonly signal?: AbortSignal;
}

/** The bounds of slots. */
export interface SlotLimits {
  /** Work that runs at the same time, at most. */
  readonly concurrency: number;
  /** Work that waits, at most. */
  readonly maxWaiting: number;
}

/**
 * Slots for expensive work, with a bounded queue. Addresses and accounts take turns (see `fair-queue.ts`).
 *
 * One address or account may fill the queue while no other needs it. In a full queue a newcomer may displace a waiter:
 * the newest of the group with the most waiters. That group must have more than the newcomer's share. Otherwise the
 * newcomer is refused at once.
 */
export class FairSlots implements SlotLimits {
  readonly concurrency: number;
  readonly maxWaiting: number;
  readonly #name: string;
  readonly #waiting = new FairQueue<Waiter>();
  #running = 0;

  /** @param name of the queue, for the reason of a refusal: `hash queue` */
  constructor(name: string, { concurrency, maxWaiting }: SlotLimits) {
    this.#name = name;
    this.concurrency = concurrency;
    this.maxWaiting = maxWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether `acquire` would accept this requester now: at once, in the queue, or instead of another waiter. */
  hasRoom(requester?: Requester): boolean {
    if (this.#running < this.concurrency || this.#waiting.size < this.maxWaiting) return true;
    return requester !== undefined && this.#waiting.displaceable(requester) !== undefined;
  }

  /** @throws {LatchkeyError} `overloaded` if `acquire` would refuse this requester now */
  assertRoom(requester: Requester): void {
    if (!this.hasRoom(requester)) throw new LatchkeyError("overloaded", { reason: `${this.#name} full` });
  }

  /**
   * Takes a slot when the requester's turn comes. The caller gives it back by its disposal, once.
   *
   * @throws {LatchkeyError} `overloaded` at once if the queue is full, or later if another requester displaces this
   * one; `client_gone` if `signal` is aborted before the turn comes
   */
  async acquire(requester: QueuedRequester): Promise<Disposable> {
    this.assertRoom(requester);
    if (requester.signal?.aborted) throw new LatchkeyError("client_gone");
    if (this.#running < this.concurrency) this.#running++;
    else await this.#wait(requester);
    return { [Symbol.dispose]: () => this.#next() };
  }

  #wait(requester: QueuedRequester): Promise<void> {
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
        displace: () => {
          signal?.removeEventListener("abort", hangUp);
          const reason = `displaced from the ${this.#name} by another address or account`;
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
