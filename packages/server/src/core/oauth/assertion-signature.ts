import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from "jose";
import type { PublicJwk } from "./client-keys.ts";

/** The algorithms of assertions. All are asymmetric: an HMAC with a public key as its secret is refused. */
export const assertionAlgorithms: readonly string[] = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"];

/** The outcome of a check: the claims, or the cause of the refusal as a code of `jose`, which holds no part of them. */
export type SignatureCheck = { readonly claims: JWTPayload } | { readonly failure: string };

/** The failure of an assertion whose key is not in the set. */
export const noMatchingKey = "ERR_JWKS_NO_MATCHING_KEY";

/** Verifies the signature of an assertion with one of some keys, and the claims that the options name. */
export async function verifySignature(
  assertion: string,
  keys: readonly PublicJwk[],
  options: Omit<JWTVerifyOptions, "algorithms">,
): Promise<SignatureCheck> {
  const set = { keys: [...keys] };
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
    for await (const key of error) {
      try {
        return await verify(key);
      } catch (failure) {
        last = failure;
      }
    }
    return failureOf(last);
  }
}

function isKeySet(set: { readonly keys: readonly PublicJwk[] }): set is JSONWebKeySet {
  return set.keys.every((key) => typeof key["kty"] === "string");
}
