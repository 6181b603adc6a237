import type { CryptoKey } from "jose";
import { compactVerify } from "jose/jws/compact/verify";
import { TokenError } from "../token-error.ts";

/** Algorithms with a public key (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). HMAC cannot be accepted. */
const algorithms = [
  ...(["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"] as const),
  // Two names for the same signature (RFC 9864 §4.1.2).
  ...(["EdDSA", "Ed25519"] as const),
];

/** The name of a signature algorithm that a guard can accept. */
export type Algorithm = (typeof algorithms)[number];

/** Whether a value is the name of such an algorithm. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return algorithms.some((algorithm) => algorithm === name);
}

/**
 * Verifies the signature of a token (RFC 7515 §5.2) with jose.
 *
 * @returns the bytes of the claims
 * @throws {TokenError} `invalid_token` if the signature is wrong, or the key is for another algorithm
 */
export async function verifySignature(
  token: string,
  key: CryptoKey,
  algorithm: Algorithm,
): Promise<Uint8Array> {
  try {
    const verified = await withoutInheritedCrit(() => compactVerify(token, key, { algorithms: [algorithm] }));
    return verified.payload;
  } catch (error) {
    // jose throws a TypeError for a key that does not fit, and errors of its own for all else.
    throw new TokenError("invalid_token", error instanceof TypeError ? "unknown kid" : "signature");
  }
}

/**
 * jose reads `crit` through the header's prototype too. If a program has put a `crit` on Object.prototype, jose
 * would refuse every token. So that member is hidden until jose has read the header, which happens before the
 * first await.
 */
function withoutInheritedCrit<Result>(begin: () => Promise<Result>): Promise<Result> {
  const inherited = Object.getOwnPropertyDescriptor(Object.prototype, "crit");
  if (inherited === undefined) return begin();
  Reflect.deleteProperty(Object.prototype, "crit");
  try {
    return begin();
  } finally {
    Object.defineProperty(Object.prototype, "crit", inherited);
  }
}
