import { createHash, generateKeyPair, type KeyObject, type webcrypto } from "node:crypto";
import { promisify } from "node:util";

/** The algorithms that sign access tokens (RFC 7518 §3.1). A key keeps its algorithm for its whole life. */
export const signingAlgorithms = ["ES256", "RS256"] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** RS256 asks for at least 2,048 bits (RFC 7518 §3.3). */
const rsaBits = 2048;

const generate = promisify(generateKeyPair);

/** A new key pair: its public JWK, named by its thumbprint, and its private part. */
export interface SigningKeyPair {
  readonly publicJwk: Readonly<Record<string, string>> & { readonly kid: string };
  readonly privateKey: KeyObject;
}

/** Generates a key pair on the thread pool: an RSA key takes up to a second. */
export async function newSigningKeyPair(algorithm: SigningAlgorithm): Promise<SigningKeyPair> {
  const { publicKey, privateKey } =
    algorithm === "ES256"
      ? await generate("ec", { namedCurve: "P-256" })
      : await generate("rsa", { modulusLength: rsaBits });
  const { kty = "", crv, x, y, n, e } = publicKey.export({ format: "jwk" });
  // The required members in lexical order, as a thumbprint takes them (RFC 7638 §3).
  const members = Object.fromEntries(
    Object.entries({ crv, e, kty, n, x, y }).filter((member): member is [string, string] => !!member[1]),
  );
  const kid = createHash("sha256").update(JSON.stringify(members)).digest("base64url");
  return { publicJwk: { ...members, kid, alg: algorithm, use: "sig" }, privateKey };
}

/** Imports a published key. @throws {Error} for an algorithm of a newer Latchkey */
export function importPublicKey(jwk: Readonly<Record<string, unknown>>): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey("jwk", jwk, importOptions[algorithmOf(jwk)], true, ["verify"]);
}

const importOptions = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
} as const;

/** The algorithm of a stored key. @throws {Error} for an algorithm of a newer Latchkey */
export function algorithmOf({ alg, kid }: Readonly<Record<string, unknown>>): SigningAlgorithm {
  const algorithm = signingAlgorithms.find((one) => one === alg);
  if (algorithm === undefined) throw new Error(`signing key ${kid}: unknown algorithm ${alg}`);
  return algorithm;
}
