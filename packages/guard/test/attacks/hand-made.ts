import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type CryptoKey, decodeJwt, decodeProtectedHeader } from "jose";
import type { Guard, GuardOptions, Principal } from "../../src/index.ts";
import { TestIssuer } from "../issuer.ts";

/** A part of a token before it is encoded: a value for JSON, or this very text, or these very bytes. */
export type Part = Readonly<Record<string, unknown>> | string | Uint8Array;

/** What makes the signature of a token, given header and claims as they are sent. */
export type Sign = (input: string) => Uint8Array | string;

/** A key pair with which tokens are signed byte by byte, where a library would refuse to. */
export interface Signer {
  readonly sign: (input: string) => Buffer;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** The public key, as a guard has it: good for one algorithm. */
  readonly key: CryptoKey;
}

export const issuer = await TestIssuer.make();
const good = await issuer.token();
/** What a good token says. */
export const goodHeader = decodeProtectedHeader(good);
export const goodClaims = decodeJwt(good);

/** ES256. */
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

/** RS256. */
export function rsaSigner(publicExponent = 65_537, modulusLength = 2_048): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength, publicExponent });
  const key = publicKey.toCryptoKey({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, ["verify"]);
  return { publicKey, privateKey, key, sign: (input) => sign("sha256", Buffer.from(input), privateKey) };
}

/** A guard that finds these keys by `kid`, and does not ask for which algorithm it is to find them. */
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

/** A token of these parts. A signature that is a text is taken as it is. */
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

/** A guard as a program without types sees it. */
export interface UntypedGuard {
  verify(token: unknown): Promise<Principal>;
  recall(token: unknown): Principal | undefined;
}
