import type { Clock, SteadyClock } from "../core/clock.ts";
import type { ClientDocumentCopies } from "../core/oauth/client-document.ts";
import { Bulkhead } from "../core/throttle/bulkhead.ts";
import { MemoryAttemptCounter } from "../core/throttle/memory-attempt-counter.ts";
import { RequestLimit } from "../core/throttle/request-limit.ts";
import { DocumentCache } from "./document-cache.ts";
import { CachedKeySets } from "./key-sets.ts";
import type { Network } from "./network.ts";
import { createSafeFetch } from "./safe-fetch.ts";

/** Fetches at once. */
const maxConcurrent = 8;
/** Fetches that callers of one network may cause. */
const perNetwork = { limit: 30, windowMs: 60_000 };

/** The parts that client documents are opened with. */
export interface ClientDocumentParts {
  readonly copies: ClientDocumentCopies;
  /** Allowed hosts of documents. Undefined for all. */
  readonly hosts: readonly string[] | undefined;
  readonly clock: Clock;
  readonly steady: SteadyClock;
  /** Default: the network of this machine. */
  readonly network?: Network;
  /** Timeout of a fetch in milliseconds. Default: 3 seconds. */
  readonly timeout?: number;
}

/** Client documents and the keys of their clients, under common limits. `counter` has to be pruned. */
export function openClientDocuments({ copies, hosts, clock, steady, network, timeout }: ClientDocumentParts) {
  const fetch = createSafeFetch(network, timeout);
  const counter = new MemoryAttemptCounter(steady);
  const limits = {
    slots: new Bulkhead(maxConcurrent, "too many concurrent fetches of client documents"),
    perNetwork: new RequestLimit("client-documents", perNetwork, counter),
  };
  return {
    documents: new DocumentCache({ fetch, limits, copies, hosts, clock }),
    keySets: new CachedKeySets({ fetch, limits, clock }),
    counter,
  };
}
