import { LatchkeyError } from "./errors.ts";
import type { User } from "./users.ts";

/**
 * Bytes of a user's claims in JSON, at most, when they are set. With `mostAddressBytes` and the rest a token stays
 * below 7,800 characters: an `Authorization` header of 8 KiB passes every common proxy.
 */
export const mostUserBytes = 4096;

/** Bytes of issuer and audience in JSON, at most. */
export const mostAddressBytes = 1024;

/** Bytes of a user's claims, at most, for users stored before the bound: their token stays below `mostTokenLength`. */
const mostStoredBytes = 7168;

/** Characters of an access token, at most: 4 KiB of the 16 KiB for headers are left for all others. */
const mostTokenLength = 12_288;

/** What a user puts into a token. */
export function userClaims({ id, username, email, displayName, roles }: Omit<User, "active">) {
  return { sub: id, preferred_username: username, email, name: displayName ?? username, roles };
}

/** How many bytes a user's claims take in JSON. */
export function userBytes(user: Omit<User, "active">): number {
  return Buffer.byteLength(JSON.stringify(userClaims(user)));
}

/** Whether issuer and audience leave enough room in a token. */
export function addressesFit(issuer: string | undefined, audience: readonly string[] | undefined): boolean {
  const claims = { iss: issuer, aud: audience ?? [issuer] };
  return Buffer.byteLength(JSON.stringify(claims)) <= mostAddressBytes;
}

/** @throws {LatchkeyError} `token_too_large` if a stored user's claims do not fit into a request's headers */
export function assertClaimsFit(user: User): void {
  const bytes = userBytes(user);
  if (bytes > mostStoredBytes) throw tooLarge(`${bytes} bytes of claims of ${user.id}`);
}

/** @throws {LatchkeyError} `token_too_large` if a token does not fit into a request's headers */
export function assertTokenFits(token: string): void {
  if (token.length > mostTokenLength) throw tooLarge(`a token of ${token.length} characters`);
}

function tooLarge(reason: string): LatchkeyError {
  return new LatchkeyError("token_too_large", { reason });
}
