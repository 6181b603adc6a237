import { TokenError } from "../token-error.ts";

/** Longer than any access token, in characters. A longer text is refused before it is split. */
const maxLength = 16_384;
/** Three parts in base64url (RFC 7515 §7.1), none of them empty. */
const parts = /^[\w-]+\.[\w-]+\.([\w-]+)$/;
/** Last characters with their spare bits zero, by the length of the last group (RFC 4648 §3.5). */
const lastOf = { 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ };

/**
 * Refuses a malformed token before any part is decoded: a value other than a text, too long, unsigned,
 * encrypted, or with a signature in another spelling. A signature has one canonical spelling, in which the
 * spare bits of the last character are zero. The token cache relies on it.
 *
 * @param token from the caller. In a program without types it can be anything
 * @throws {TokenError} `invalid_token`
 */
export function assertWellFormed(token: unknown): asserts token is string {
  // Bytes can change after the check, and an object can convert to another text each time.
  if (typeof token !== "string") throw new TokenError("invalid_token", "no text");
  if (token.length > maxLength) throw new TokenError("invalid_token", "too long");
  const signature = parts.exec(token)?.[1];
  if (signature === undefined) throw new TokenError("invalid_token", "malformed");
  const spare = signature.length % 4;
  if (spare === 1 || ((spare === 2 || spare === 3) && !lastOf[spare].test(signature))) {
    throw new TokenError("invalid_token", "signature");
  }
}
