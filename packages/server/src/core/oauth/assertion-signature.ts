import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from "jose";
import type { ClientKey } from "./client-document.ts";

/** The algorithms of assertions. All are asymmetric: an HMAC with a public key as its secret is refused. */
export const assertionAlgorithms: readonly string[] = ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"];

/** The outcome of a check: the claims, or the cause of the refusal as a code of `jose`, which holds no part of them. */
export type SignatureCheck = { readonly claims: JWTPayload } | { readonly failure: string };

/** The id of the key that signed an assertion, before any check. @returns undefined if its header names none */
export function keyIdOf(assertion: string): string | undefined {
  try {
    const [header = ""] = assertion.split(".", 1);
    const read: unknown = JSON.parse(Buffer.from(header, "base64url").toString());
    const names = typeof read === "object" && read !== null && "kid" in read;
    return names && typeof read.kid === "string" ? read.kid : undefined;
  } catch {
    return undefined;
  }
}

/** Verifies the signature of an assertion with one of some keys, and the claims that the options name. */
export async function verifySignature(
  assertion: string,
  keys: readonly ClientKey[],
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

function isKeySet(set: { readonly keys: readonly ClientKey[] }): set is JSONWebKeySet {
  return set.keys.every((key) => typeof key["kty"] === "string");
}
