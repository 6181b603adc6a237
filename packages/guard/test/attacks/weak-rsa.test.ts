import { createHash, createPublicKey } from "node:crypto";
import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { readKeySet } from "../../src/issuer/key-set.ts";
import { goodClaims, guardOf, handMade, issuer, rsaSigner } from "./hand-made.ts";

// Keys from the set of a careless or hostile issuer.

const { publicKey } = rsaSigner();
const modulus = String(publicKey.export({ format: "jwk" }).n);
const jwkOf = (exponent: readonly number[]) => ({
  kty: "RSA",
  n: modulus,
  e: Buffer.from(exponent).toString("base64url"),
  kid: "k1",
});
const taken = async (exponent: readonly number[]) =>
  (await readKeySet({ keys: [jwkOf(exponent)] }, ["RS256", "PS256"])).byKid.has("k1");

describe("the public exponent of an RSA key", () => {
  test.each([[[1]], [[0, 1]], [[0]], [[2]], [[4]], [[1, 0, 0]], [[1, ...Array(40).fill(0), 1]]])(
    "%j is refused",
    async (exponent) => expect(await taken(exponent)).toBe(false),
  );

  test.each([[[3]], [[0, 3]], [[17]], [[1, 0, 1]]])("%j is taken", async (exponent) =>
    expect(await taken(exponent)).toBe(true),
  );
});

test("a token signed for the exponent 1, without a private key, is refused", async () => {
  const key = createPublicKey({ key: jwkOf([1]), format: "jwk" }).toCryptoKey(
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    true,
    ["verify"],
  );
  // The encoded message (RFC 8017 §9.2) is its own signature.
  const prefix = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const forge = (input: string) => {
    const digest = Buffer.concat([prefix, createHash("sha256").update(input).digest()]);
    const padding = Buffer.alloc(256 - digest.length - 3, 0xff);
    return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), digest]);
  };
  const token = handMade({ alg: "RS256", typ: "at+jwt", kid: "k1" }, goodClaims, forge);
  const given = issuer.guard({ keys: { get: () => key } });
  expect(await codeOf(given.verify(token))).toBe("invalid_token");
});

test("a modulus under 2,048 bits is refused, also from a key source", async () => {
  const { key, sign } = rsaSigner(65_537, 1_024);
  const token = handMade({ alg: "RS256", typ: "at+jwt", kid: "k1" }, goodClaims, sign);
  expect(await codeOf(issuer.guard({ keys: { get: () => key } }).verify(token))).toBe("invalid_token");
  const sound = rsaSigner();
  const signed = handMade({ alg: "RS256", typ: "at+jwt", kid: "k1" }, goodClaims, sound.sign);
  expect(await codeOf(guardOf({ k1: sound }).verify(signed))).toBe("accepted");
});
