import { createPublicKey, type JsonWebKey } from "node:crypto";
import { isObject } from "@latchkey/guard/own-members";
import { RefusedChange } from "../refused-change.ts";
import { isCheap } from "./assertion-signature.ts";
import { type ClientKey, isPrivateKey } from "./client-document.ts";

/** Keys that a client cannot have. The message holds no part of them, because one may be secret. */
export class RefusedKeys extends RefusedChange {}

/** One of the keys is private. */
export class PrivateKeys extends RefusedKeys {}

/**
 * The public keys of a client from JWKs (RFC 7517), without the members that only their owner needs.
 *
 * @throws {RefusedKeys} if there is none, or if one is private, unreadable or too weak
 */
export function publicKeysOf(jwks: readonly unknown[]): ClientKey[] {
  if (jwks.length === 0) throw new RefusedKeys("it holds no key");
  return jwks.map((jwk) => {
    if (!isObject(jwk)) throw unreadable();
    if (isPrivateKey(jwk)) throw new PrivateKeys("it holds a private key, which stays with the client");
    const { kid, alg } = jwk;
    return {
      ...assertUsable(publicMembersOf(jwk)),
      ...(typeof kid === "string" && { kid }),
      ...(typeof alg === "string" && { alg }),
    };
  });
}

function publicMembersOf(jwk: ClientKey): ClientKey {
  try {
    return { ...createPublicKey({ key: isJwk(jwk) ? jwk : {}, format: "jwk" }).export({ format: "jwk" }) };
  } catch {
    throw unreadable();
  }
}

function assertUsable(jwk: ClientKey): ClientKey {
  const { kty, crv, n } = jwk;
  const long = kty === "RSA" && typeof n === "string" && Buffer.from(n, "base64url").length >= 256;
  if ((long && isCheap(jwk)) || crv === "P-256" || crv === "Ed25519") return jwk;
  throw new RefusedKeys(
    "assertions are signed with P-256, Ed25519, or RSA of 2048 to 4096 bits: make another key",
  );
}

function isJwk(value: ClientKey): value is JsonWebKey & ClientKey {
  return typeof value["kty"] === "string";
}

function unreadable(): RefusedKeys {
  return new RefusedKeys("expected a public key as a JWK");
}
