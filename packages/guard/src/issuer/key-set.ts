import type { CryptoKey, JWK } from "jose";
import { importJWK } from "jose/key/import";
import { isKeyFor } from "../check/key-check.ts";
import type { Algorithm } from "../check/signature.ts";
import { membersOf, ownMembers } from "../support/own-members.ts";
import { IssuerError } from "./issuer-request.ts";

/** Public keys by `kid` and by the algorithm that each may check. */
export interface KeySet {
  readonly byKid: ReadonlyMap<string, ReadonlyMap<string, CryptoKey>>;
  /** The same keys by their members, so that an unchanged key is the same object after the next read. */
  readonly byMaterial: ReadonlyMap<string, CryptoKey>;
}

/** A key set before the first read. */
export const noKeys: KeySet = { byKid: new Map(), byMaterial: new Map() };

/** More keys than any issuer publishes. A longer list is refused. */
const maxKeys = 100;
const publicMembers = ["kty", "crv", "x", "y", "n", "e"] as const;

/**
 * Reads a JWK Set (RFC 7517 §5). It takes each public key that has a `kid`, is for signatures (`use`,
 * `key_ops`) and fits an accepted algorithm; a key with an `alg` fits that one alone. Other keys are skipped,
 * as the RFC asks. Of two keys with the same `kid` for the same algorithm, the first counts.
 *
 * @param before the last key set, to keep unchanged keys
 * @throws {IssuerError} if the document is not a JWK Set
 */
export async function readKeySet(
  document: unknown,
  algorithms: readonly Algorithm[],
  before: KeySet = noKeys,
): Promise<KeySet> {
  const listed = membersOf(document)["keys"];
  if (!Array.isArray(listed)) throw new IssuerError("key set: keys is not a list");
  if (listed.length > maxKeys) throw new IssuerError(`key set: more than ${maxKeys} keys`);
  const byKid = new Map<string, Map<string, CryptoKey>>();
  const byMaterial = new Map<string, CryptoKey>();
  for (const entry of listed) {
    const jwk = membersOf(entry);
    if (!isSignatureKey(jwk)) continue;
    for (const algorithm of algorithms.filter((name) => serves(jwk, name))) {
      const ofKid = byKid.get(jwk.kid) ?? new Map<string, CryptoKey>();
      if (ofKid.has(algorithm)) continue;
      const material: JWK = ownMembers({ kty: jwk.kty });
      for (const member of publicMembers) if (typeof jwk[member] === "string") material[member] = jwk[member];
      const name = JSON.stringify([jwk.kid, algorithm, material]);
      const key = before.byMaterial.get(name) ?? (await importPublic(material, algorithm));
      if (key === undefined) continue;
      byMaterial.set(name, key);
      byKid.set(jwk.kid, ofKid.set(algorithm, key));
    }
  }
  return { byKid, byMaterial };
}

type SignatureKey = Readonly<Record<string, unknown>> & {
  readonly kid: string;
  readonly kty: string;
  readonly alg?: unknown;
};

function isSignatureKey(jwk: Readonly<Record<string, unknown>>): jwk is SignatureKey {
  const { kid, kty, use, key_ops: operations, d } = jwk;
  if (typeof kid !== "string" || kid === "" || typeof kty !== "string") return false;
  // With a published private key anybody can sign.
  if (d !== undefined || (use !== undefined && use !== "sig")) return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes("verify"));
}

/** Whether the key's own `alg` allows an algorithm. The import finds out whether its kind does. */
function serves({ alg }: SignatureKey, algorithm: Algorithm): boolean {
  return alg === undefined || alg === algorithm || (isEdDsa(alg) && isEdDsa(algorithm));
}

/** RFC 9864 §4.1.2: two names for the same signature. */
function isEdDsa(name: unknown): boolean {
  return name === "EdDSA" || name === "Ed25519";
}

async function importPublic(material: JWK, algorithm: Algorithm): Promise<CryptoKey | undefined> {
  try {
    const key = await importJWK(material, algorithm);
    // A weak key is skipped: another key with the same kid may be sound.
    return isKeyFor(key, algorithm) && key.type === "public" ? key : undefined;
  } catch {
    return undefined;
  }
}
