import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { type CryptoKey, decodeJwt, decodeProtectedHeader } from "jose";
import type { Guard, GuardOptions, Principal } from "../../src/index.ts";

/** A part of a token before its encoding: a value for JSON, a text, or bytes. */
export type Part = Readonly<Record<string, unknown>> | string | Uint8Array;

/** Signs header and claims as they are sent. */
export type Sign = (input: string) => Uint8Array | string;

/** A key pair that signs any bytes, also those that a library would refuse. */
export interface Signer {
  readonly sign: (input: string) => Buffer;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** The public key in the form that a guard uses, for one algorithm. */
  readonly key: CryptoKey;
}

export const issuer = await TestIssuer.make();
const good = await issuer.token();
/** Header and claims of a good token. */
export const goodHeader = decodeProtectedHeader(good);
export const goodClaims = decodeJwt(good);

/** A new key pair for ES256. */
export function ecSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = publicKey.toCryptoKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  return {
    publicKey,
    privateKey,
    key,
    sign: (input) => sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
}

/** A new key pair for RS256. */
export function rsaSigner(publicExponent = 65_537, modulusLength = 2_048): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength, publicExponent });
  const key = publicKey.toCryptoKey({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, ["verify"]);
  return { publicKey, privateKey, key, sign: (input) => sign("sha256", Buffer.from(input), privateKey) };
}

/** A guard that finds these keys by `kid` alone, whatever the algorithm. */
export function guardOf(
  signers: Readonly<Record<string, Signer>>,
  options: Partial<GuardOptions> = {},
): Guard {
  const keys = new Map(Object.entries(signers).map(([kid, { key }]) => [kid, key]));
  return issuer.guard({ keys: { get: (kid) => keys.get(kid) }, ...options });
}

export function encoded(part: Part): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString("base64url");
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

/** A token of these parts. A signature given as text is used unchanged. */
export function handMade(header: Part, claims: Part, signing: Sign): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  const signature = signing(input);
  return `${input}.${typeof signature === "string" ? signature : encoded(signature)}`;
}

/** The parts of a token, as they are sent. */
export function partsOf(token: string): [header: string, claims: string, signature: string] {
  const [header = "", claims = "", signature = ""] = token.split(".");
  return [header, claims, signature];
}

/** A guard in the view of a program without types. */
export interface UntypedGuard {
  verify(token: unknown): Promise<Principal>;
  recall(token: unknown): Principal | undefined;
}
