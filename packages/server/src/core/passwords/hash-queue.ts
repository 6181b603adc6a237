import { LatchkeyError } from "../errors.ts";
import { FairQueue, type Requester } from "./fair-queue.ts";
import { ReleaseGroup } from "./release-group.ts";

interface Turn {
  start(): void;
  /** Refuses the waiter: another requester takes its place. */
  displace(): void;
}

/** A requester that may close its connection. */
export interface HashRequester extends Requester {
  readonly signal?: AbortSignal;
}

/**
 * A bounded queue of password hashes. Addresses and accounts take turns (see `fair-queue.ts`).
 *
 * One address or account may use all places while no other needs them. In a full queue a newcomer takes the newest
 * place of the group with the most places, if that group has more than the newcomer's share. Otherwise the newcomer
 * is refused at once.
 */
export class HashQueue {
  /** Hashes that run at the same time, at most. */
  readonly concurrency: number;
  /** Hashes that wait, at most. */
  readonly places: number;
  readonly #waiting = new FairQueue<Turn>();
  /** Adds up to 100 ms to a hash when eight or more wait. The p50 of a login falls all the same. */
  readonly #finished = new ReleaseGroup({ size: 8, timeoutMs: 100 });
  #running = 0;

  constructor(limits: { readonly concurrency: number; readonly places: number }) {
    this.concurrency = limits.concurrency;
    this.places = limits.places;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether a place is free, or would be given to this requester. */
  hasRoom(requester?: Requester): boolean {
    if (this.#running < this.concurrency || this.#waiting.size < this.places) return true;
    return requester !== undefined && this.#waiting.displaceable(requester) !== undefined;
  }

  /** @throws {LatchkeyError} `overloaded` if `run` would refuse this requester now */
  assertRoom(requester: Requester): void {
    if (!this.hasRoom(requester)) throw new LatchkeyError("overloaded", { reason: "hash queue full" });
  }

  /**
   * Runs `work` when its turn comes.
   *
   * @throws {LatchkeyError} `overloaded` at once if the queue is full, or later if another requester takes the
   * place; `client_gone` if `signal` is aborted before the turn comes
   */
  async run<T>(work: () => Promise<T>, requester: HashRequester): Promise<T> {
    this.assertRoom(requester);
    if (requester.signal?.aborted) throw new LatchkeyError("client_gone");
    if (this.#running < this.concurrency) this.#running++;
    else await this.#turn(requester);
    try {
      return await work();
    } finally {
      this.#next();
      await this.#finished.join(this.#waiting.size);
    }
  }

  #turn(requester: HashRequester): Promise<void> {
    if (this.#waiting.size >= this.places) this.#displaceFor(requester);
    const { signal } = requester;
    return new Promise((resolve, reject) => {
      const hangUp = () => {
        place.leave();
        reject(new LatchkeyError("client_gone"));
      };
      const place = this.#waiting.add(requester, {
        start() {
          signal?.removeEventListener("abort", hangUp);
          resolve();
        },
        displace() {
          signal?.removeEventListener("abort", hangUp);
          const reason = "place in the hash queue given to another address or account";
          reject(new LatchkeyError("overloaded", { reason }));
        },
      });
      signal?.addEventListener("abort", hangUp, { once: true });
    });
  }

  #displaceFor(requester: Requester): void {
    const place = this.#waiting.displaceable(requester);
    place?.leave();
    place?.item.displace();
  }

  /** Passes the slot to the next waiter directly, so a newcomer cannot take it in between. */
  #next(): void {
    const turn = this.#waiting.next();
    if (turn === undefined) this.#running--;
    else turn.start();
  }
}
