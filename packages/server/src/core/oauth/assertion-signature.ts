import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from "jose";
import type { ClientKey } from "./client-document.ts";

/** The algorithms of assertions. All are asymmetric: an HMAC with a public key as its secret is refused. */
export const assertionAlgorithms: readonly string[] = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"];

/**
 * The largest exponent of an RSA key, in bytes, and the largest modulus. A client chooses its keys, and the check of
 * one with an exponent of 3,072 bits takes as long as a private operation.
 */
const largestRsa = { exponent: 4, modulus: 512 };

/** Keys that are tried, at most. A larger set has to name its keys by `kid`. */
const mostTried = 5;

/** The outcome of a check: the claims, or the cause of the refusal as a code of `jose`, which holds no part of them. */
export type SignatureCheck = { readonly claims: JWTPayload } | { readonly failure: string };

/** Verifies the signature of an assertion with one of some keys, and the claims that the options name. */
export async function verifySignature(
  assertion: string,
  keys: readonly ClientKey[],
  options: Omit<JWTVerifyOptions, "algorithms">,
): Promise<SignatureCheck> {
  const set = { keys: keys.filter(isCheap) };
  if (!isKeySet(set)) return { failure: "malformed keys" };
  // Loaded at the first assertion: most servers never see one.
  const { createLocalJWKSet, errors, jwtVerify } = await import("jose");
  const verify = async (key: Parameters<typeof jwtVerify>[1]) => {
    const { payload } = await jwtVerify(assertion, key, { ...options, algorithms: [...assertionAlgorithms] });
    return { claims: payload };
  };
  const failureOf = (error: unknown): SignatureCheck => {
    // An unusable key, such as a short one, is a `TypeError` or a `DOMException`.
    return { failure: error instanceof errors.JOSEError ? error.code : "unusable key" };
  };
  try {
    const keyOf = createLocalJWKSet(set);
    return await verify((header, token) => keyOf(header, token));
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return failureOf(error);
    let last: unknown = error;
    let tried = 0;
    for await (const key of error) {
      if (tried++ === mostTried) return { failure: "too many keys fit" };
      try {
        return await verify(key);
      } catch (failure) {
        last = failure;
      }
    }
    return failureOf(last);
  }
}

function isKeySet(set: { readonly keys: readonly ClientKey[] }): set is JSONWebKeySet {
  return set.keys.every((key) => typeof key["kty"] === "string");
}

/** Whether a check with a key takes little time. An RSA key may have 4,096 bits, and an exponent of 32. */
export function isCheap({ kty, n, e }: ClientKey): boolean {
  return kty !== "RSA" || (bytesOf(n) <= largestRsa.modulus && bytesOf(e) <= largestRsa.exponent);
}

/** The length of a number in base64url. Zero for another value, which the import of the key refuses. */
function bytesOf(number: unknown): number {
  return typeof number === "string" ? Buffer.byteLength(number, "base64url") : 0;
}
