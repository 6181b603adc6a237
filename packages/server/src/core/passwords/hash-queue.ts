import { FairSlots, type QueuedRequester, type SlotLimits } from "./fair-slots.ts";
import { ReleaseGroup } from "./release-group.ts";

/** The bounded, fair queue of password hashes. */
export class HashQueue extends FairSlots {
  /** Adds up to 100 ms to a hash when eight or more wait. The p50 of a login falls all the same. */
  readonly #finished = new ReleaseGroup({ size: 8, timeoutMs: 100 });

  constructor(limits: SlotLimits) {
    super("hash queue", limits);
  }

  /**
   * Runs `work` when its turn comes.
   *
   * @throws {LatchkeyError} `overloaded`, `client_gone`, see `acquire`
   */
  async run<T>(work: () => Promise<T>, requester: QueuedRequester): Promise<T> {
    const slot = await this.acquire(requester);
    try {
      return await work();
    } finally {
      slot[Symbol.dispose]();
      await this.#finished.join(this.waiting);
    }
  }
}
