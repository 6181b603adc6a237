import { createHash, timingSafeEqual } from "node:crypto";
import type { Caller } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import type { Client, ClientCredential, Clients } from "./client.ts";
import type { CheckAssertion } from "./client-assertion.ts";

/** The client id of a request to the token endpoint, and its proof (RFC 6749 §2.3, RFC 7523 §2.2). */
export interface SentCredentials {
  readonly clientId: string;
  /** Undefined if the client proves nothing. */
  readonly proof:
    | { readonly kind: "secret"; readonly secret: string }
    | { readonly kind: "assertion"; readonly assertion: string }
    | undefined;
}

/**
 * Finds the client of a request, and checks that it is itself.
 *
 * @throws {LatchkeyError} `invalid_client` if it is unknown or blocked, or if its proof is missing or wrong
 */
export type AuthenticateClient = (sent: SentCredentials, caller: Caller) => Promise<Client>;

export interface ClientAuthenticationParts {
  readonly clients: Clients;
  readonly checkAssertion: CheckAssertion;
}

/**
 * Authenticates clients. A proof that is sent must be right, also for a client that may come without one. A secret has
 * 256 random bits, so no limit of attempts is needed.
 */
export function createAuthenticateClient(parts: ClientAuthenticationParts): AuthenticateClient {
  return async ({ clientId, proof }, caller) => {
    const client = await findClient(parts.clients, clientId, caller);
    if (proof === undefined) {
      if (client.credentials.some(({ kind }) => kind === "none")) return client;
      throw new LatchkeyError("invalid_client", { reason: "no proof" });
    }
    if (proof.kind === "assertion") {
      await parts.checkAssertion(proof.assertion, client, caller);
      return client;
    }
    if (client.credentials.some((credential) => matches(credential, proof.secret))) return client;
    throw new LatchkeyError("invalid_client", { reason: "wrong secret, or a client without one" });
  };
}

/** At the token endpoint an unknown client is one that did not prove itself (RFC 6749 §5.2). */
async function findClient(clients: Clients, clientId: string, caller: Caller): Promise<Client> {
  try {
    return await clients.byId(clientId, caller);
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== "unknown_client") throw error;
    throw new LatchkeyError("invalid_client", { reason: error.reason ?? "unknown client" });
  }
}

function matches(credential: ClientCredential, secret: string): boolean {
  if (credential.kind !== "secret") return false;
  const known = Buffer.from(credential.hash, "base64url");
  const given = createHash("sha256").update(secret).digest();
  return known.length === given.length && timingSafeEqual(known, given);
}
