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
  if (name === "Ed25519") return true;
  return "hash" in of && isNamed(of.hash) && of.hash.name === hash && isSoundRsa(of);
}

/** Modulus of an RSA key, in bits (RFC 7518 §3.3). The upper bound keeps one check from taking very long. */
const modulusBits = { least: 2_048, most: 16_384 };
/** The longest public exponent, in bytes (FIPS 186-5 §A.1.1), for the same reason. */
const longestExponent = 32;

/**
 * Whether a public RSA key belongs to a key pair. With the exponent 1 a signature is its own message, so anybody
 * can make one. An even exponent has no private key.
 */
function isSoundRsa(of: object): boolean {
  const bits = "modulusLength" in of ? Number(of.modulusLength) : 0;
  if (!(bits >= modulusBits.least && bits <= modulusBits.most)) return false;
  if (!("publicExponent" in of) || !(of.publicExponent instanceof Uint8Array)) return false;
  const start = of.publicExponent.findIndex((byte) => byte !== 0);
  const exponent = start < 0 ? [] : [...of.publicExponent.subarray(start)];
  const last = exponent.at(-1) ?? 0;
  return last % 2 === 1 && exponent.length <= longestExponent && (exponent.length > 1 || last >= 3);
}

function isCryptoKey(key: unknown): key is CryptoKey {
  return Object.prototype.toString.call(key) === "[object CryptoKey]";
}

function isNamed(value: unknown): value is { readonly name: unknown } {
  return typeof value === "object" && value !== null && "name" in value;
}
