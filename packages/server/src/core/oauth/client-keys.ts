import type { Caller } from "../audit-events.ts";

/** A public key as a JWK (RFC 7517). */
export type PublicJwk = Readonly<Record<string, unknown>>;

/**
 * Reads the key set at the address of a client (`jwks_uri`).
 *
 * @param anew whether a copy in memory is not enough, because it lacks the key of an assertion. The reader bounds how
 * often that reads the address
 * @throws {LatchkeyError} `client_document_unavailable` if it cannot be read now
 */
export type ReadKeySet = (url: string, caller: Caller, anew: boolean) => Promise<readonly PublicJwk[]>;
