import type { Caller } from "../core/audit-events.ts";
import { LatchkeyError } from "../core/errors.ts";
import { addressBucket, networkOfBucket } from "../core/throttle/addresses.ts";
import { Bulkhead } from "../core/throttle/bulkhead.ts";

/** Fetches at once: all of them, those from one host, and those that callers of one network cause. */
const most = { inAll: 8, perHost: 4, perNetwork: 3 };

/**
 * Permits for fetches, of which each lasts up to its timeout. A slow host, or one network with many ids, takes a part
 * of the permits. Without the shares it would keep everybody else from documents that are not known yet.
 */
export class FetchSlots {
  readonly #all = new Bulkhead(most.inAll, "too many concurrent fetches of client documents");
  /** Permits by host and by network. A count of zero is removed, so there are two for each permit at most. */
  readonly #shares = new Map<string, number>();

  /**
   * Takes a permit. Disposal gives it back.
   *
   * @throws {LatchkeyError} `overloaded` if none is free for all, for the host or for the network
   */
  acquire(url: string, { address }: Pick<Caller, "address">): Disposable {
    const host = `host ${new URL(url).hostname}`;
    const network = `network ${networkOfBucket(addressBucket(address))}`;
    if (this.#held(host) >= most.perHost || this.#held(network) >= most.perNetwork) {
      throw new LatchkeyError("overloaded", { reason: "too many concurrent fetches of one host or network" });
    }
    const permit = this.#all.acquire();
    for (const share of [host, network]) this.#add(share, 1);
    return {
      [Symbol.dispose]: () => {
        permit[Symbol.dispose]();
        for (const share of [host, network]) this.#add(share, -1);
      },
    };
  }

  #held(share: string): number {
    return this.#shares.get(share) ?? 0;
  }

  #add(share: string, change: 1 | -1): void {
    const held = this.#held(share) + change;
    if (held === 0) this.#shares.delete(share);
    else this.#shares.set(share, held);
  }
}
