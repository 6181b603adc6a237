import { deflateRawSync, gzipSync } from "node:zlib";
import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { CompactEncrypt } from "jose";
import { describe, expect, test } from "vitest";
import { ecSigner, encoded, goodClaims, goodHeader, guardOf, handMade, rsaSigner } from "./hand-made.ts";

const signer = ecSigner();
const rsa = rsaSigner();
const guard = guardOf({ k1: signer, rsa });
const codeFor = (header: Record<string, unknown>, claims: Parameters<typeof handMade>[1] = goodClaims) =>
  codeOf(guard.verify(handMade({ ...goodHeader, ...header }, claims, signer.sign)));

// CVE-2025-59420, CVE-2026-32597, CVE-2026-35042: critical header members are ignored.
describe("crit", () => {
  test.each<[string, Record<string, unknown>]>([
    ["an unknown name", { crit: ["x-policy"], "x-policy": "require-mfa" }],
    ["a name that is not there", { crit: ["x-policy"] }],
    ["a known name and an unknown one", { crit: ["b64", "x-policy"], b64: true, "x-policy": 1 }],
    ["exp", { crit: ["exp"], exp: 1 }],
    ["alg", { crit: ["alg"] }],
    ["cnf", { crit: ["cnf"], cnf: { jkt: "AAAA" } }],
    ["__proto__", { crit: ["__proto__"] }],
    ["toString", { crit: ["toString"] }],
    ["constructor", { crit: ["constructor"] }],
    ["b64 that is not there", { crit: ["b64"] }],
    ["an empty list", { crit: [] }],
    ["an empty name", { crit: [""], "": 1 }],
    ["a text", { crit: "b64", b64: true }],
    ["null", { crit: null }],
    ["an object", { crit: { 0: "b64", length: 1 }, b64: true }],
    ["a list in a list", { crit: [["b64"]], b64: true }],
    ["true", { crit: true }],
  ])("%s", async (_name, header) => expect(await codeFor(header)).toBe("invalid_token"));
});

describe("b64: claims that are not encoded (RFC 7797 §7 forbids them in a JWT)", () => {
  test.each<[string, unknown]>([
    ["false", false],
    ["a text", "false"],
    ["null", null],
    ["0", 0],
  ])("%s", async (_name, b64) => expect(await codeFor({ b64, crit: ["b64"] })).toBe("invalid_token"));

  // The value is the default. But `crit` demands a receiver that supports it (RFC 7515 §4.1.11).
  test.each([[["b64"]], [["b64", "b64"]]])("true, in crit as %j", async (crit) => {
    expect(await codeFor({ b64: true, crit })).toBe("invalid_token");
  });

  test("false, with the claims in the clear", async () => {
    const header = encoded({ ...goodHeader, b64: false, crit: ["b64"] });
    for (const claims of [JSON.stringify(goodClaims), "abc"]) {
      const signature = encoded(signer.sign(`${header}.${claims}`));
      expect(await codeOf(guard.verify(`${header}.${claims}.${signature}`))).toBe("invalid_token");
    }
  });
});

describe("typ: other kinds of token (RFC 9068 §4)", () => {
  test.each<[unknown, Record<string, unknown>, string]>([
    ["at+jwt", {}, "accepted"],
    ["AT+JWT", {}, "accepted"],
    ["application/at+jwt", {}, "accepted"],
    ["Application/At+Jwt", {}, "accepted"],
    ["JWT", { typ: "Bearer" }, "accepted"],
    ["JWT", {}, "invalid_token"],
    ["JWT", { typ: "ID" }, "invalid_token"],
    ["JWT", { typ: "Refresh" }, "invalid_token"],
    ["JWT", { typ: "Offline" }, "invalid_token"],
    ["JWT", { typ: "bearer" }, "invalid_token"],
    ["JWT", { typ: ["Bearer"] }, "invalid_token"],
    ["JWT", { nonce: "n", at_hash: "AAAA" }, "invalid_token"],
    ["logout+jwt", {}, "invalid_token"],
    ["secevent+jwt", {}, "invalid_token"],
    ["dpop+jwt", {}, "invalid_token"],
    ["token-introspection+jwt", { typ: "Bearer" }, "invalid_token"],
    [" at+jwt", {}, "invalid_token"],
    ["at+jwt ", {}, "invalid_token"],
    ["at jwt", {}, "invalid_token"],
    ["at+jwt\u0000", {}, "invalid_token"],
    ["at+jwt; charset=utf-8", {}, "invalid_token"],
    ["application/application/at+jwt", {}, "invalid_token"],
    ["application/", {}, "invalid_token"],
    ["text/at+jwt", {}, "invalid_token"],
    ["ａt+jwt", {}, "invalid_token"],
    ["", { typ: "Bearer" }, "invalid_token"],
    [undefined, { typ: "at+jwt" }, "invalid_token"],
    [null, {}, "invalid_token"],
    [["at+jwt"], {}, "invalid_token"],
    [{ 0: "at+jwt" }, {}, "invalid_token"],
    [5, {}, "invalid_token"],
    [true, {}, "invalid_token"],
  ])("%j with %j is %s", async (typ, claims, code) => {
    expect(await codeFor({ typ }, { ...goodClaims, ...claims })).toBe(code);
  });
});

// CVE-2024-28176, CVE-2024-33664: a small token that inflates to a huge one.
describe("compressed bombs", () => {
  const bomb = Buffer.alloc(4_000_000, " ");
  test.each<[string, Uint8Array]>([
    ["claims in DEFLATE", deflateRawSync(JSON.stringify(goodClaims))],
    ["4 MB in DEFLATE", deflateRawSync(bomb)],
    ["4 MB in gzip", gzipSync(bomb)],
  ])("%s", async (_name, claims) => {
    expect(claims.length).toBeLessThan(8_000);
    expect(await codeFor({ zip: "DEF" }, claims)).toBe("invalid_token");
    expect(await codeFor({}, claims)).toBe("invalid_token");
  });
});

// CVE-2026-29000: encrypted with the public key, and not signed.
describe("encrypted tokens", () => {
  const unsigned = handMade({ alg: "none" }, goodClaims, () => "");
  const inner = handMade(goodHeader, goodClaims, signer.sign);
  test.each<[string, string]>([
    ["an unsigned token inside", unsigned],
    ["claims inside", JSON.stringify(goodClaims)],
    ["a good token inside", inner],
  ])("%s", async (_name, content) => {
    const header = { ...goodHeader, alg: "RSA-OAEP-256", enc: "A256GCM", kid: "rsa", cty: "JWT" };
    const token = await new CompactEncrypt(Buffer.from(content))
      .setProtectedHeader(header)
      .encrypt(rsa.publicKey);
    expect(token.split(".")).toHaveLength(5);
    expect(await codeOf(guard.verify(token))).toBe("invalid_token");
    expect(await codeOf(guard.verify(token.split(".").slice(0, 3).join(".")))).toBe("invalid_token");
  });

  test.each([4, 5, 6, 100])("%i parts", async (count) => {
    const [header, claims] = inner.split(".");
    const token = [header, claims, ...Array<string>(count - 2).fill("AAAA")].join(".");
    expect(await codeOf(guard.verify(token))).toBe("invalid_token");
  });
});

describe("nested tokens", () => {
  const inner = handMade(goodHeader, goodClaims, signer.sign);
  test.each<[string, string]>([
    ["as it is", inner],
    ["as a JSON text", JSON.stringify(inner)],
    ["in a list", JSON.stringify([inner])],
  ])("%s", async (_name, claims) => {
    expect(await codeFor({ cty: "JWT" }, claims)).toBe("invalid_token");
    expect(await codeFor({}, claims)).toBe("invalid_token");
  });
});
