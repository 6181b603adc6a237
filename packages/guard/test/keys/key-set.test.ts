import { exportJWK, generateKeyPair, generateSecret, type JWK } from "jose";
import { describe, expect, test } from "vitest";
import type { Algorithm } from "../../src/check/signature.ts";
import { IssuerError } from "../../src/issuer/issuer-request.ts";
import { readKeySet } from "../../src/issuer/key-set.ts";

const accepted: Algorithm[] = ["ES256", "RS256", "PS256"];
const pairs = {
  ec: await generateKeyPair("ES256", { extractable: true }),
  otherEc: await generateKeyPair("ES256", { extractable: true }),
  p384: await generateKeyPair("ES384", { extractable: true }),
  rsa: await generateKeyPair("RS256", { extractable: true }),
  ed: await generateKeyPair("EdDSA", { extractable: true }),
};
const ec = await exportJWK(pairs.ec.publicKey);
const rsa = await exportJWK(pairs.rsa.publicKey);
const ed = await exportJWK(pairs.ed.publicKey);
const other = await exportJWK(pairs.otherEc.publicKey);
const p384 = await exportJWK(pairs.p384.publicKey);
const privateEc = await exportJWK(pairs.ec.privateKey);
const privateRsa = await exportJWK(pairs.rsa.privateKey);
const symmetric = await exportJWK(await generateSecret("HS256", { extractable: true }));
const exponent = new Uint8Array([1, 0, 1]);
const sizeOf = { name: "RSASSA-PKCS1-v1_5", modulusLength: 1_024, publicExponent: exponent, hash: "SHA-256" };
const small = await crypto.subtle.generateKey(sizeOf, true, ["sign", "verify"]);
const smallRsa = await crypto.subtle.exportKey("jwk", small.publicKey);
const signing = { kid: "k1", use: "sig" };

/** The accepted keys of a set: each `kid` with its algorithms. */
async function taken(keys: unknown[], algorithms = accepted): Promise<Record<string, string[]>> {
  const { byKid } = await readKeySet({ keys }, algorithms);
  return Object.fromEntries([...byKid].map(([kid, ofKid]) => [kid, [...ofKid.keys()].toSorted()]));
}

describe("a key is accepted for", () => {
  test.each<[string, JWK, string[]]>([
    ["the algorithm that it names", { ...ec, ...signing, alg: "ES256" }, ["ES256"]],
    ["the one of its curve, without `alg`", { ...ec, ...signing }, ["ES256"]],
    ["one of two that its kind could serve", { ...rsa, ...signing, alg: "RS256" }, ["RS256"]],
    ["both, without `alg`", { ...rsa, ...signing }, ["PS256", "RS256"]],
    ["signatures, without `use`", { ...ec, kid: "k1" }, ["ES256"]],
    ["checking", { ...ec, kid: "k1", key_ops: ["verify"] }, ["ES256"]],
  ])("%s", async (_what, jwk, algorithms) => {
    expect(await taken([jwk])).toEqual({ k1: algorithms });
  });

  test.each(["EdDSA", "Ed25519", undefined])("either name of the same signature: %s", async (alg) => {
    const key = { ...ed, ...signing, ...(alg && { alg }) };
    expect(await taken([key], ["EdDSA", "Ed25519"])).toEqual({ k1: ["Ed25519", "EdDSA"] });
  });

  test.each([[{ toString: 1 }], [["EdDSA"]], [5], [null]])(
    "no algorithm, if its `alg` is malformed: %j",
    async (alg) => {
      const keys = [
        { ...ed, ...signing, alg },
        { ...ec, kid: "good" },
      ];
      expect(await taken(keys, ["EdDSA", "ES256"])).toEqual({ good: ["ES256"] });
    },
  );
});

describe("is skipped, and the keys beside it are accepted", () => {
  test.each<[string, unknown]>([
    ["nothing", null],
    ["a text", "k1"],
    ["a list", [ec]],
    ["a key without kid", { ...ec, use: "sig" }],
    ["an empty kid", { ...ec, ...signing, kid: "" }],
    ["a kid that is a number", { ...ec, ...signing, kid: 1 }],
    ["a private key", { ...privateEc, ...signing }],
    ["a private RSA key", { ...privateRsa, ...signing }],
    ["a symmetric key", { ...symmetric, ...signing, alg: "HS256" }],
    ["a symmetric key that calls itself another", { ...symmetric, ...signing, alg: "ES256" }],
    ["a key for encryption", { ...rsa, kid: "k1", use: "enc", alg: "RSA-OAEP" }],
    ["a key for encryption that does not say so", { ...rsa, kid: "k1", alg: "RSA-OAEP" }],
    ["a key to sign with", { ...ec, kid: "k1", key_ops: ["sign"] }],
    ["malformed operations", { ...ec, kid: "k1", key_ops: "verify" }],
    ["an algorithm that is not accepted", { ...ed, ...signing, alg: "EdDSA" }],
    ["another curve", { ...p384, ...signing, alg: "ES384" }],
    ["another curve that calls itself this one", { ...p384, ...signing, crv: "P-256" }],
    ["a point that is not on the curve", { ...ec, ...signing, x: "AAAA" }],
    ["no point", { kty: "EC", crv: "P-256", ...signing }],
    ["an RSA key that is too small", { ...smallRsa, ...signing, alg: "RS256" }],
    ["an RSA key that takes too long", { ...rsa, ...signing, alg: "RS256", n: "_".repeat(2_800) }],
    ["an unknown kind", { kty: "AKP", alg: "ML-DSA-65", pub: "AAAA", ...signing }],
  ])("%s", async (_what, jwk) => {
    expect(await taken([jwk, { ...ec, kid: "good", use: "sig" }])).toEqual({ good: ["ES256"] });
  });
});

describe("two keys with the same kid", () => {
  test("for the same algorithm: the first counts", async () => {
    const { byKid } = await readKeySet(
      {
        keys: [
          { ...ec, ...signing },
          { ...other, ...signing },
        ],
      },
      accepted,
    );
    const key = byKid.get("k1")?.get("ES256");
    if (key === undefined) throw new Error("no key");
    expect(await exportJWK(key)).toMatchObject({ x: ec.x });
  });

  test("for the same algorithm, the first unusable: the other counts", async () => {
    expect(
      await taken([
        { ...ec, ...signing, x: "AAAA" },
        { ...other, ...signing },
      ]),
    ).toEqual({ k1: ["ES256"] });
  });

  test("for two algorithms: each counts for its own", async () => {
    expect(
      await taken([
        { ...ec, ...signing },
        { ...rsa, ...signing, alg: "RS256" },
      ]),
    ).toEqual({
      k1: ["ES256", "RS256"],
    });
  });
});

test("an unchanged key stays the same object after the next read", async () => {
  const before = { ...ec, ...signing };
  const first = await readKeySet({ keys: [before] }, accepted);
  const second = await readKeySet({ keys: [{ ...before, x5t: "more" }] }, accepted, first);
  const third = await readKeySet({ keys: [{ ...other, ...signing }] }, accepted, second);
  const key = (set: typeof first) => set.byKid.get("k1")?.get("ES256");
  expect(key(second)).toBe(key(first));
  expect(key(third)).not.toBe(key(first));
});

test("an accepted key can verify and nothing else", async () => {
  const { byKid } = await readKeySet({ keys: [{ ...ec, ...signing }] }, accepted);
  expect(byKid.get("k1")?.get("ES256")).toMatchObject({ type: "public", usages: ["verify"] });
});

describe("a document that is not a JWK Set", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a list", [ec]],
    ["no keys", {}],
    ["keys that are an object", { keys: { k1: ec } }],
    [
      "more keys than anybody has",
      { keys: Array.from({ length: 101 }, (_, n) => ({ ...ec, kid: `k${n}` })) },
    ],
  ])("%s", async (_what, document) => {
    await expect(readKeySet(document, accepted)).rejects.toThrow(IssuerError);
  });

  test("a set of a hundred keys is accepted", async () => {
    const { byKid } = await readKeySet(
      { keys: Array.from({ length: 100 }, (_, n) => ({ ...ec, kid: `k${n}` })) },
      accepted,
    );
    expect(byKid.size).toBe(100);
  });
});
