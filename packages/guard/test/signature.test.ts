import { KeyObject, sign } from "node:crypto";
import { codeOf, start } from "@latchkey/testkit/mcp/issuer";
import {
  type CryptoKey,
  decodeProtectedHeader,
  exportJWK,
  type GenerateKeyPairResult,
  generateKeyPair,
  importJWK,
  SignJWT,
} from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type Algorithm, isSigned } from "../src/check/signature.ts";
import { createSignatureCheck } from "../src/check/signature-check.ts";
import { readOptions } from "../src/guard-options.ts";

const algorithms: readonly Algorithm[] = [
  ...(["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"] as const),
  ...(["EdDSA", "Ed25519"] as const),
];
/** The check runs on the calling thread if Node can export the key, and otherwise by Web Cryptography. */
type Path = "node:crypto" | "Web Cryptography";
const paths: readonly Path[] = ["node:crypto", "Web Cryptography"];
const pairs = new Map<string, GenerateKeyPairResult>();
const pairOf = (name: string) => {
  const pair = pairs.get(name);
  if (pair === undefined) throw new Error(`no pair for ${name}`);
  return pair;
};

beforeAll(async () => {
  for (const name of algorithms) {
    pairs.set(name, await generateKeyPair(name));
    pairs.set(`another ${name}`, await generateKeyPair(name));
  }
  pairs.set("extractable", await generateKeyPair("ES256", { extractable: true }));
});

const claims = { iss: "https://login.example", aud: "https://login.example", sub: "user:alice" };

/** A good token with the named signer and some changes of its claims. */
function tokenOf(alg: string, signer: string = alg, more: object = {}): Promise<string> {
  return new SignJWT({ ...claims, exp: start + 60, ...more })
    .setProtectedHeader({ alg, kid: "k1", typ: "at+jwt" })
    .sign(pairOf(signer).privateKey);
}

/** The public key of a pair, in the form that leads to one of the two paths. */
async function publicKeyOf(name: string, alg: string, path: Path): Promise<CryptoKey> {
  const { publicKey } = pairOf(name);
  if (path === "node:crypto") return publicKey;
  const key = await importJWK(await exportJWK(publicKey), alg, { extractable: false });
  if (key instanceof Uint8Array) throw new Error("not a public key");
  return key;
}

/** The outcome of a whole check by the public key of one pair. */
async function outcome(token: string, name: string, path: Path = "node:crypto"): Promise<string> {
  const settings = readOptions({
    issuer: claims.iss,
    algorithms,
    now: () => start * 1000,
    clockTolerance: 0,
  });
  const key = await publicKeyOf(name, algorithmOf(token), path);
  const keys = { get: (kid: string) => (kid === "k1" ? key : undefined) };
  return await codeOf(createSignatureCheck(settings, keys)(token));
}

function algorithmOf(token: string): string {
  return decodeProtectedHeader(token).alg ?? "";
}

/** A token with its signature changed. */
function resigned(token: string, change: (signature: Buffer, input: string) => Uint8Array): string {
  const input = token.slice(0, token.lastIndexOf("."));
  const signature = Buffer.from(token.slice(input.length + 1), "base64url");
  return `${input}.${Buffer.from(change(signature, input)).toString("base64url")}`;
}

const everyPath = algorithms.flatMap((name) => paths.map((path) => [name, path] as const));

describe.each(everyPath)("%s by %s", (name, path) => {
  test("is checked on this path", async () => {
    const checked = isSigned(await tokenOf(name), await publicKeyOf(name, name, path), name);
    expect(checked instanceof Promise).toBe(path === "Web Cryptography");
    expect(await checked).toBe(true);
  });

  test("accepts a signature by the key", async () => {
    expect(await outcome(await tokenOf(name), name, path)).toBe("accepted");
  });

  test("refuses a signature by another key", async () => {
    expect(await outcome(await tokenOf(name, `another ${name}`), name, path)).toBe("invalid_token");
  });

  test("refuses a signature over other claims", async () => {
    const [header, , signature] = (await tokenOf(name)).split(".");
    const [, others] = (await tokenOf(name, name, { sub: "user:bob" })).split(".");
    expect(await outcome(`${header}.${others}.${signature}`, name, path)).toBe("invalid_token");
  });

  test.each<[string, (signature: Buffer) => Uint8Array]>([
    ["with one bit changed", (given) => given.with(3, (given[3] ?? 0) ^ 1)],
    ["without its last byte", (given) => given.subarray(0, -1)],
    ["with one more byte", (given) => Buffer.concat([given, Buffer.alloc(1)])],
    ["of zeros (CVE-2022-21449)", (given) => Buffer.alloc(given.length)],
    ["without bytes", () => Buffer.alloc(0)],
  ])("refuses a signature %s", async (_change, change) => {
    expect(await outcome(resigned(await tokenOf(name), change), name, path)).toBe("invalid_token");
  });
});

test.each(paths)("an ECDSA signature in DER is refused (RFC 7518 §3.4) by %s", async (path) => {
  const key = KeyObject.from(pairOf("extractable").privateKey);
  const token = await tokenOf("ES256", "extractable");
  const inDer = resigned(token, (_signature, input) => sign("sha256", Buffer.from(input), key));
  expect(await outcome(token, "extractable", path)).toBe("accepted");
  expect(await outcome(inDer, "extractable", path)).toBe("invalid_token");
});

test("claims are checked after the signature", async () => {
  expect(await outcome(await tokenOf("ES256", "ES256", { exp: start }), "ES256")).toBe("token_expired");
  const forged = await tokenOf("ES256", "another ES256", { exp: start });
  expect(await outcome(forged, "ES256")).toBe("invalid_token");
});

test.each([
  ["a private key", "privateKey", "ES256"],
  ["a key for another curve", "publicKey", "ES384"],
  ["an RSA key for another hash", "publicKey", "RS256"],
] as const)("%s that a source returns is refused", async (_kind, half, name) => {
  const settings = readOptions({ issuer: claims.iss, algorithms, now: () => start * 1000 });
  const check = createSignatureCheck(settings, { get: () => pairOf(name)[half] });
  const token = await tokenOf(name === "RS256" ? "RS512" : "ES256");
  await expect(check(token)).rejects.toMatchObject({ code: "invalid_token", reason: "unknown kid" });
});
