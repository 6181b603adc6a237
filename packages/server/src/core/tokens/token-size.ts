import { LatchkeyError } from "../errors.ts";
import type { User } from "../people/users.ts";
import type { SessionClient } from "../stories/sessions.ts";

/**
 * The most bytes of a user's claims in JSON, when they are set. Together with `mostAddressBytes` a token stays below
 * 7,800 characters: an `Authorization` header of 8 KiB passes every common proxy.
 */
export const mostUserBytes = 4096;

/** The most bytes of issuer and audience in JSON. */
export const mostAddressBytes = 1024;

/** The most bytes of a user's claims for users stored before that bound: a token stays below `mostTokenLength`. */
const mostStoredBytes = 7168;

/** The most characters of an access token. It leaves 4 KiB of the 16 KiB for headers to the other headers. */
const mostTokenLength = 12_288;

/** A user's claims in a token. */
export function userClaims({ id, username, email, displayName, roles }: Omit<User, "active">) {
  return { sub: id, preferred_username: username, email, name: displayName ?? username, roles };
}

/** The bytes of a user's claims in JSON. */
export function userBytes(user: Omit<User, "active">): number {
  return Buffer.byteLength(JSON.stringify(userClaims(user)));
}

/** Whether issuer and audience leave enough room in a token. */
export function addressesFit(issuer: string | undefined, audience: readonly string[] | undefined): boolean {
  const claims = { iss: issuer, aud: audience ?? [issuer] };
  return Buffer.byteLength(JSON.stringify(claims)) <= mostAddressBytes;
}

/** The bytes of a client's claims in JSON. */
function clientBytes({ id, scope, resource }: SessionClient): number {
  return Buffer.byteLength(JSON.stringify({ aud: resource, client_id: id, scope }));
}

/**
 * The refusal `token_too_large`, if the claims of a stored user do not fit into a request's headers.
 *
 * @param client the OAuth client of the token; null for a person's own login
 */
export function claimsRefusal(user: User, client: SessionClient | null): LatchkeyError | undefined {
  const bytes = userBytes(user) + (client === null ? 0 : clientBytes(client));
  if (bytes <= mostStoredBytes) return undefined;
  return new LatchkeyError("token_too_large", { reason: `${bytes} bytes of claims of ${user.id}` });
}

/** The refusal of a token that does not fit into a request's headers: `token_too_large`. */
export function sizeRefusal(token: string): LatchkeyError | undefined {
  if (token.length <= mostTokenLength) return undefined;
  return new LatchkeyError("token_too_large", { reason: `a token of ${token.length} characters` });
}
