import type { CryptoKey } from "jose";
import { type Algorithm, partsOf } from "./signature.ts";

/** Modulus of an RSA key, in bits (RFC 7518 §3.3). A longer one would make each check slow. */
const modulusBits = { least: 2_048, most: 16_384 };
/** The longest public exponent, in bytes (FIPS 186-5 §A.1.1), for the same reason. */
const longestExponent = 32;

/**
 * Whether a value is a key that verifies signatures of an algorithm, and of no other (RFC 8725 §3.1).
 *
 * @param key from a key source. In a program without types it can be anything
 */
export function isKeyFor(key: unknown, algorithm: Algorithm): key is CryptoKey {
  if (!isCryptoKey(key) || !key.usages.includes("verify")) return false;
  const { name, hash, curve } = partsOf(algorithm);
  const of = key.algorithm;
  if (of.name !== name) return false;
  if (name === "ECDSA") return "namedCurve" in of && of.namedCurve === curve;
  return name === "Ed25519" || ("hash" in of && isNamed(of.hash, hash) && isSoundRsa(of));
}

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

function isNamed(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && "name" in value && value.name === name;
}
