import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a text is a code challenge of the method S256 (RFC 7636 §4.2). */
export function isChallenge(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** Whether a text is a code verifier (RFC 7636 §4.1). */
export function isVerifier(text: string): boolean {
  return /^[\w.~-]{43,128}$/.test(text);
}

/** Whether a challenge was made of a verifier, with the method S256. The comparison takes constant time. */
export function verifies(verifier: string, challenge: string): boolean {
  const made = createHash("sha256").update(verifier).digest();
  const given = Buffer.from(challenge, "base64url");
  return isVerifier(verifier) && given.length === made.length && timingSafeEqual(made, given);
}
