import type { CryptoKey } from "jose";

/** What a key must be for a signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). */
const algorithms = {
  ES256: { kty: "EC", crv: "P-256", hash: "SHA-256", name: "ECDSA" },
  ES384: { kty: "EC", crv: "P-384", hash: "SHA-384", name: "ECDSA" },
  ES512: { kty: "EC", crv: "P-521", hash: "SHA-512", name: "ECDSA" },
  PS256: { kty: "RSA", hash: "SHA-256", name: "RSA-PSS" },
  PS384: { kty: "RSA", hash: "SHA-384", name: "RSA-PSS" },
  PS512: { kty: "RSA", hash: "SHA-512", name: "RSA-PSS" },
  RS256: { kty: "RSA", hash: "SHA-256", name: "RSASSA-PKCS1-v1_5" },
  RS384: { kty: "RSA", hash: "SHA-384", name: "RSASSA-PKCS1-v1_5" },
  RS512: { kty: "RSA", hash: "SHA-512", name: "RSASSA-PKCS1-v1_5" },
  EdDSA: { kty: "OKP", crv: "Ed25519", hash: "SHA-512", name: "Ed25519" },
  Ed25519: { kty: "OKP", crv: "Ed25519", hash: "SHA-512", name: "Ed25519" },
} as const satisfies Record<string, KeyKind>;

interface KeyKind {
  /** Members of a JWK (RFC 7517 §4.1, RFC 7518 §6.2.1.1). */
  readonly kty: string;
  readonly crv?: string;
  /** What the Web Cryptography API calls the algorithm, and the hash that belongs to it. */
  readonly name: string;
  readonly hash: string;
}

/** Signatures with a public key: a guard knows nothing that could sign. */
export type Algorithm = keyof typeof algorithms;

export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === "string" && Object.hasOwn(algorithms, name);
}

/** The kind of key that an algorithm takes: `kty`, and the curve where there is one. */
export function keyKindOf(name: Algorithm): KeyKind {
  return algorithms[name];
}

/** The algorithm that a key was found to be for: a platform takes longer to say so than a map. */
const found = new WeakMap<object, string>();

/**
 * Whether a key checks signatures of an algorithm, and of no other (RFC 8725 §3.1).
 *
 * @param key what a source of keys gave, which without types may be anything
 */
export function checks(key: unknown, algorithm: string): key is CryptoKey {
  if (!isCryptoKey(key)) return false;
  if (found.get(key) === algorithm) return true;
  if (!isAlgorithm(algorithm) || !key.usages.includes("verify") || !isFor(key, algorithm)) return false;
  found.set(key, algorithm);
  return true;
}

function isFor(key: CryptoKey, algorithm: Algorithm): boolean {
  const { crv, name, hash }: KeyKind = algorithms[algorithm];
  const of = key.algorithm;
  if (of.name !== name) return false;
  if (name === "ECDSA") return "namedCurve" in of && of.namedCurve === crv;
  return name === "Ed25519" || ("hash" in of && isNamed(of.hash) && of.hash.name === hash);
}

function isCryptoKey(key: unknown): key is CryptoKey {
  return Object.prototype.toString.call(key) === "[object CryptoKey]";
}

function isNamed(value: unknown): value is { readonly name: unknown } {
  return typeof value === "object" && value !== null && "name" in value;
}
