import { lazyClientDocuments } from "../client-documents/lazy-client-documents.ts";
import type { Network } from "../client-documents/network.ts";
import { atFirstUse } from "../core/first-use.ts";
import { MemoryAttemptCounter } from "../core/throttle/memory-attempt-counter.ts";
import type { OAuthParts } from "./oauth.ts";

/** The parts of a server that its authorization server is composed of. */
interface LazyOAuthParts extends Omit<OAuthParts, "described" | "clientDocuments" | "registrations"> {
  /** The network that client documents are read from. Undefined for that of this machine. */
  readonly network: Network | undefined;
}

/** The authorization server, before its first use. */
export type LazyOAuth = ReturnType<typeof lazyOAuth>;

/**
 * The authorization server. Its stories are loaded by its first request. No other file may import `oauth.ts` at start.
 */
export function lazyOAuth(parts: LazyOAuthParts) {
  const { config, store, steady, clock, network } = parts;
  const registrations = new MemoryAttemptCounter(steady);
  const fetches = new MemoryAttemptCounter(steady);
  const { oauthClientDocuments: allowed } = config;
  const clientDocuments = allowed !== "off";
  // The keys of a client that the operator added are read also if documents are off.
  const described = lazyClientDocuments({
    copies: store.clientDocuments,
    hosts: typeof allowed === "string" ? undefined : allowed,
    clock,
    counter: fetches,
    ...(network && { network }),
  });
  return {
    open: atFirstUse(async () => {
      const { composeOAuth } = await import("./oauth.ts");
      return composeOAuth({ ...parts, described, clientDocuments, registrations });
    }),
    counters: [registrations, fetches],
    /** Whether clients may register themselves. */
    registration: config.oauthRegistration === "on",
    clientDocuments,
    documentFetches: () => (clientDocuments ? described.outcomes() : undefined),
    /** Whether people sign in at an identity provider. */
    brokered: parts.realm !== undefined,
  };
}
