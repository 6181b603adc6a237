import type { CryptoKey } from "jose";
import { decode } from "jose/base64url";

/** Algorithms with a public key (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2), in terms of Web Cryptography. */
const algorithms = {
  ES256: { name: "ECDSA", hash: "SHA-256", curve: "P-256" },
  ES384: { name: "ECDSA", hash: "SHA-384", curve: "P-384" },
  ES512: { name: "ECDSA", hash: "SHA-512", curve: "P-521" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
  PS384: { name: "RSA-PSS", hash: "SHA-384" },
  PS512: { name: "RSA-PSS", hash: "SHA-512" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  RS384: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  RS512: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  // Two names for the same signature (RFC 9864 §4.1.2).
  EdDSA: { name: "Ed25519", hash: "SHA-512" },
  Ed25519: { name: "Ed25519", hash: "SHA-512" },
} as const satisfies Record<string, AlgorithmParts>;

interface AlgorithmParts {
  readonly name: string;
  readonly hash: string;
  readonly curve?: string;
}

/** The name of a signature algorithm that a guard can accept. */
export type Algorithm = keyof typeof algorithms;

/** Whether a value is the name of such an algorithm. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === "string" && Object.hasOwn(algorithms, name);
}

/** The parts of an algorithm: its name, its hash, and its curve if it has one. */
export function partsOf(algorithm: Algorithm): AlgorithmParts {
  return algorithms[algorithm];
}

/**
 * Verifies the signature of a well-formed token (RFC 7515 §5.2) over the very bytes of header and claims.
 *
 * jose could do this, but not in a program with a polluted prototype. There an inherited member `2` replaces the
 * bytes that jose verifies, so it accepts forged claims. An inherited `crit` makes it refuse every token.
 *
 * @param key a key for the algorithm and for no other
 */
export function isSigned(token: string, key: CryptoKey, algorithm: Algorithm): boolean | Promise<boolean> {
  const end = token.lastIndexOf(".");
  const signed = new TextEncoder().encode(token.slice(0, end));
  const signature = decode(token.slice(end + 1));
  // Node warns on standard error if a key that is not extractable becomes a KeyObject.
  if (node !== undefined && key.extractable) return verifyOnNode(node, key, algorithm, signed, signature);
  const { name, hash } = algorithms[algorithm];
  return crypto.subtle.verify({ name, hash, saltLength: saltLengthOf(hash) }, key, signature, signed);
}

/** Node's own cryptography. Undefined on other platforms, also on those that imitate Node. */
const node = nodeCrypto();

function nodeCrypto() {
  const isNode = typeof navigator === "object" && /^Node\.js\//.test(navigator.userAgent);
  return isNode ? process.getBuiltinModule?.("node:crypto") : undefined;
}

type NodeCrypto = NonNullable<typeof node>;
const keyObjects = new WeakMap<CryptoKey, ReturnType<NodeCrypto["KeyObject"]["from"]>>();

/**
 * Verifies on the calling thread. Web Cryptography uses Node's thread pool: there a new token waits behind password
 * hashes, files and name lookups for longer than the check itself takes.
 */
function verifyOnNode(
  { KeyObject, constants, verify }: NodeCrypto,
  key: CryptoKey,
  algorithm: Algorithm,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { name, hash } = algorithms[algorithm];
  let keyObject = keyObjects.get(key);
  if (keyObject === undefined) {
    keyObject = KeyObject.from(key);
    keyObjects.set(key, keyObject);
  }
  const isPss = name === "RSA-PSS";
  // Every option that Node reads is an own member: an inherited one must not change the check.
  const options = {
    key: keyObject,
    dsaEncoding: "ieee-p1363",
    padding: isPss ? constants.RSA_PKCS1_PSS_PADDING : undefined,
    saltLength: isPss ? saltLengthOf(hash) : undefined,
    context: undefined,
  } as const;
  return verify(name === "Ed25519" ? null : hash.replace("-", ""), signed, options, signature);
}

/** RFC 7518 §3.5: the salt of RSA-PSS is as long as the hash. In bytes. */
function saltLengthOf(hash: string): number {
  return Number(hash.slice(4)) / 8;
}
