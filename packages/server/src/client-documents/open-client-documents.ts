import type { Clock } from "../core/clock.ts";
import type { ClientDocumentCopies } from "../core/oauth/client-document.ts";
import type { AttemptCounter } from "../core/throttle/attempt-counter.ts";
import { RequestLimit } from "../core/throttle/request-limit.ts";
import { DocumentCache } from "./document-cache.ts";
import { FetchSlots } from "./fetch-slots.ts";
import { CachedKeySets } from "./key-sets.ts";
import type { Network } from "./network.ts";
import { createSafeFetch } from "./safe-fetch.ts";

/** Fetches that callers of one network may cause. */
const perNetwork = { limit: 30, windowMs: 60_000 };

/** The parts that client documents are opened with. */
export interface ClientDocumentParts {
  readonly copies: ClientDocumentCopies;
  /** Allowed hosts of documents. Undefined for all. */
  readonly hosts: readonly string[] | undefined;
  readonly clock: Clock;
  /** Counts the fetches of each network. */
  readonly counter: AttemptCounter;
  /** Default: the network of this machine. */
  readonly network?: Network;
  /** Timeout of a fetch in milliseconds. Default: 3 seconds. */
  readonly timeout?: number;
}

/** Client documents and the keys of their clients, under common limits. */
export function openClientDocuments({
  copies,
  hosts,
  clock,
  counter,
  network,
  timeout,
}: ClientDocumentParts) {
  const fetch = createSafeFetch(network, timeout);
  const limits = {
    slots: new FetchSlots(),
    perNetwork: new RequestLimit("client-documents", perNetwork, counter),
  };
  return {
    documents: new DocumentCache({ fetch, limits, copies, hosts, clock }),
    keySets: new CachedKeySets({ fetch, limits, clock }),
  };
}
