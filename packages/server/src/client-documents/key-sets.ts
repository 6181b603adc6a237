import type { Caller } from "../core/audit-events.ts";
import type { Clock } from "../core/clock.ts";
import { LatchkeyError } from "../core/errors.ts";
import { type ClientKey, type ClientKeySets, keysOf } from "../core/oauth/client-document.ts";
import { FetchGate, type FetchLimits } from "./fetch-gate.ts";
import { FetchFailed, FetchRefused } from "./json-answer.ts";
import { isFresh, RecentValues } from "./recent-values.ts";
import type { FetchJson } from "./safe-fetch.ts";

/** Keys are read again at most so often for a caller that misses one, in milliseconds. */
const retryAfter = 60_000;
/** Keys that cannot be renewed are used for so long after their fetch, in milliseconds. */
const staleFor = 24 * 3_600_000;

/** The parts of the key sets. */
export interface KeySetParts {
  readonly fetch: FetchJson;
  readonly limits: FetchLimits;
  readonly clock: Clock;
}

/**
 * Public keys of clients in the memory of the process, read by the rules for documents. If an address cannot be read,
 * its last keys count for a day. A host that answers with something else than keys ends their use at once.
 */
export class CachedKeySets implements ClientKeySets {
  readonly #parts: KeySetParts;
  readonly #gate: FetchGate<readonly ClientKey[]>;
  readonly #recent: RecentValues<readonly ClientKey[]>;
  /** The last read of an address, also one that failed. */
  readonly #tried: RecentValues<undefined>;

  constructor(parts: KeySetParts) {
    this.#parts = parts;
    this.#gate = new FetchGate(parts.limits);
    this.#recent = new RecentValues(parts.clock);
    this.#tried = new RecentValues(parts.clock);
  }

  async at(
    address: string,
    caller: Caller,
    known: (keys: readonly ClientKey[]) => boolean = () => true,
  ): Promise<readonly ClientKey[]> {
    const now = this.#parts.clock();
    const recent = this.#recent.get(address);
    if (recent !== undefined && isFresh(recent, now) && known(recent.value)) return recent.value;
    const tried = this.#tried.get(address);
    if (tried !== undefined && isFresh(tried, now)) return this.#instead(address, "read a moment ago");
    try {
      return await this.#gate.run(address, caller, () => this.#fetch(address));
    } catch (error) {
      if (!(error instanceof FetchRefused || error instanceof FetchFailed)) throw error;
      if (error instanceof FetchRefused) this.#recent.delete(address);
      return this.#instead(address, error.message);
    }
  }

  async #fetch(address: string): Promise<readonly ClientKey[]> {
    this.#tried.set(address, undefined, retryAfter);
    const { json, freshFor } = await this.#parts.fetch(address);
    const keys = keysOf(json);
    this.#recent.set(address, keys, freshFor);
    return keys;
  }

  /** @throws {LatchkeyError} `client_document_unavailable` if the last keys are too old or missing */
  #instead(address: string, reason: string): readonly ClientKey[] {
    const last = this.#recent.get(address);
    if (last !== undefined && this.#parts.clock() - last.readAt < staleFor) return last.value;
    throw new LatchkeyError("client_document_unavailable", { reason });
  }
}
