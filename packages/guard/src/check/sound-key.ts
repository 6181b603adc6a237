import type { CryptoKey } from "jose";

/** Modulus of an RSA key, in bits (RFC 7518 §3.3). A longer one would make each check slow. */
const modulusBits = { least: 2_048, most: 16_384 };
/** The longest public exponent, in bytes (FIPS 186-5 §A.1.1), for the same reason. */
const longestExponent = 32;

/**
 * Whether a value is a key that can safely verify signatures. jose checks that a key fits its algorithm. It
 * does not check the exponent of an RSA key.
 *
 * @param key from a key source. In a program without types it can be anything
 */
export function isSoundKey(key: unknown): key is CryptoKey {
  return isCryptoKey(key) && (!key.algorithm.name.startsWith("RSA") || isSoundRsa(key.algorithm));
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
