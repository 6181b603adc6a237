import { sign } from "node:crypto";
import fc from "fast-check";
import { type CryptoKey, exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Algorithm } from "../src/algorithms.ts";
import { readOptions } from "../src/guard-options.ts";
import { nodeModules } from "../src/platform.ts";
import { checkHere, checkOnNode, checkOnTheWeb } from "../src/signature.ts";
import { createSignatureCheck } from "../src/signature-check.ts";
import { bytesOf, decode, partsOf } from "../src/token-parts.ts";
import { codeOf, start } from "./issuer.ts";

if (nodeModules === undefined) throw new Error("these tests run on Node");
const means = [
  ["Node", checkOnNode(nodeModules)],
  ["the web", checkOnTheWeb],
] as const;
const algorithms = [
  ...["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
  ...["EdDSA", "Ed25519"],
] as const;
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
});

const claims = { iss: "https://login.example", aud: "https://login.example", sub: "user:alice" };

function tokenOf(alg: string, key: CryptoKey = pairOf(alg).privateKey, more: object = {}): Promise<string> {
  return new SignJWT({ ...claims, exp: start + 60, ...more })
    .setProtectedHeader({ alg, kid: "k1", typ: "at+jwt" })
    .sign(key);
}

test("here the quickest way is taken, and it is Node's", async () => {
  const { signed, signature } = partsOf(await tokenOf("ES256"));
  expect(checkHere("ES256", pairOf("ES256").publicKey, signed, bytesOf(signature))).toBe(true);
});

test("a key that may not be taken out of the platform's hands is left there, without a warning", async () => {
  const warned = vi.spyOn(process, "emitWarning");
  const jwk = await exportJWK(pairOf("ES256").publicKey);
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const kept = await crypto.subtle.importKey("jwk", { ...jwk, kty: "EC" }, algorithm, false, ["verify"]);
  const { signed, signature } = partsOf(await tokenOf("ES256"));
  expect(await checkHere("ES256", kept, signed, bytesOf(signature))).toBe(true);
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});

describe.each(means)("by means of %s", (_means, isSigned) => {
  describe.each(algorithms.map((name) => [name] as const))("%s", (name) => {
    const algorithm = name as Algorithm;
    const verdict = async (
      token: string,
      change: (signature: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
    ) => {
      const { signed, signature } = partsOf(token);
      return await isSigned(algorithm, pairOf(name).publicKey, signed, change(bytesOf(signature)));
    };
    const same = (signature: Uint8Array<ArrayBuffer>) => signature;

    test("a signature by the key is good", async () => {
      expect(await verdict(await tokenOf(name), same)).toBe(true);
    });

    test("one by another key is not", async () => {
      const token = await tokenOf(name, pairOf(`another ${name}`).privateKey);
      expect(await verdict(token, same)).toBe(false);
    });

    test("nor one over something else", async () => {
      const token = await tokenOf(name);
      const { signed, signature } = partsOf(token);
      const key = pairOf(name).publicKey;
      expect(await isSigned(algorithm, key, `${signed}A`, bytesOf(signature))).toBe(false);
    });

    test.each<[string, (signature: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>]>([
      ["of which a bit was turned", (given) => given.with(3, (given[3] ?? 0) ^ 1)],
      ["without its end", (given) => given.slice(0, -1)],
      ["with something after it", (given) => Uint8Array.from([...given, 0])],
      ["of zeros (CVE-2022-21449)", (given) => new Uint8Array(given.length)],
      ["that is empty", () => new Uint8Array()],
    ])("nor one %s", async (_what, change) => {
      expect(await verdict(await tokenOf(name), change)).toBe(false);
    });
  });

  test("an ECDSA signature in DER is none (RFC 7518 §3.4)", async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    const signed = "a.b";
    const key = nodeModules?.crypto.KeyObject.from(pair.privateKey);
    if (key === undefined) throw new Error("no key");
    const der = Uint8Array.from(sign("sha256", Buffer.from(signed), key));
    expect(await isSigned("ES256", pair.publicKey, signed, der)).toBe(false);
  });

  test("a whole check ends the same", async () => {
    const settings = readOptions({ issuer: claims.iss, now: () => start * 1000, clockTolerance: 0 });
    const keys = { get: (kid: string) => (kid === "k1" ? pairOf("ES256").publicKey : undefined) };
    const check = createSignatureCheck(settings, keys, isSigned);
    expect((await check(await tokenOf("ES256"))).principal).toMatchObject({ userId: "user:alice" });
    const another = pairOf("another ES256").privateKey;
    expect(await codeOf(check(await tokenOf("ES256", another)))).toBe("invalid_token");
    const changed = (await tokenOf("ES256")).replace(/\.[^.]+\./, (part) => `${part.slice(0, -1)}A.`);
    expect(await codeOf(check(changed))).toBe("invalid_token");
    const expired = tokenOf("ES256", pairOf("ES256").privateKey, { exp: start });
    expect(await codeOf(check(await expired))).toBe("token_expired");
  });
});

test("parts are the same bytes on every platform", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const part = Buffer.from(bytes).toString("base64url");
      expect([...decode(part)]).toEqual([...bytes]);
      expect([...bytesOf(part)]).toEqual([...bytes]);
    }),
  );
});
