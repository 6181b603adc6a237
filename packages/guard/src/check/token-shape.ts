import { TokenError } from "../token-error.ts";

/** More than any access token has; a longer one is not even taken apart. */
const maxLength = 16_384;
/** Three parts in base64url (RFC 7515 §7.1), none of them empty. */
const parts = /^[\w-]+\.[\w-]+\.([\w-]+)$/;
/** The last character of a part of so many spare bits, where those bits are zero (RFC 4648 §3.5). */
const lastOf = { 2: /[AQgw]$/, 3: /[AEIMQUYcgkosw048]$/ };

/**
 * Refuses what is no signed token before anything of it is decoded: no text, too long, an unsigned or
 * encrypted one, a signature that could be spelt in another way, because the bits that its last character has
 * to spare are not zero.
 *
 * @param token what a caller handed over, which without types may be anything
 * @throws {TokenError} `invalid_token`
 */
export function assertWellFormed(token: unknown): asserts token is string {
  // Bytes can change after they were checked, and an object can say something else each time it is asked.
  if (typeof token !== "string") throw new TokenError("invalid_token", "no text");
  if (token.length > maxLength) throw new TokenError("invalid_token", "too long");
  const signature = parts.exec(token)?.[1];
  if (signature === undefined) throw new TokenError("invalid_token", "malformed");
  const spare = signature.length % 4;
  if (spare === 1 || ((spare === 2 || spare === 3) && !lastOf[spare].test(signature))) {
    throw new TokenError("invalid_token", "signature");
  }
}
