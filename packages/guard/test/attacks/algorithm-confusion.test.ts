import { constants, createHmac, sign } from "node:crypto";
import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { describe, expect, test } from "vitest";
import { createGuard } from "../../src/index.ts";
import {
  ecSigner,
  goodClaims,
  goodHeader,
  guardOf,
  handMade,
  issuer,
  rsaSigner,
  type Sign,
} from "./hand-made.ts";

const ec = ecSigner();
const rsa = rsaSigner();
const guard = guardOf({ ec, rsa });
const { n = "", e = "" } = rsa.publicKey.export({ format: "jwk" });
const { x = "", y = "" } = ec.publicKey.export({ format: "jwk" });
const bytes = (base64url: string) => Buffer.from(base64url, "base64url");

test("the unchanged tokens are accepted", async () => {
  expect(await codeOf(guard.verify(handMade({ ...goodHeader, kid: "ec" }, goodClaims, ec.sign)))).toBe(
    "accepted",
  );
  const rs256 = handMade({ ...goodHeader, alg: "RS256", kid: "rsa" }, goodClaims, rsa.sign);
  expect(await codeOf(guard.verify(rs256))).toBe("accepted");
});

/** A key of OpenSSH: each field after its length (RFC 4253 §6.6). */
function openSsh(...fields: (string | Buffer)[]): string {
  const framed = fields.flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.from(field).length);
    return [length, Buffer.from(field)];
  });
  return `${String(fields[0])} ${Buffer.concat(framed).toString("base64")}`;
}

// CVE-2015-9235, CVE-2016-10555, CVE-2017-11424 (PKCS#1), CVE-2022-29217 (OpenSSH), CVE-2023-48223.
describe("an HMAC with the public key as its secret", () => {
  const secrets: [string, "ec" | "rsa", string | Buffer][] = [
    ["SPKI PEM", "ec", ec.publicKey.export({ format: "pem", type: "spki" })],
    ["SPKI DER", "ec", ec.publicKey.export({ format: "der", type: "spki" })],
    ["JWK", "ec", JSON.stringify(ec.publicKey.export({ format: "jwk" }))],
    ["point", "ec", Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)])],
    ["x alone", "ec", bytes(x)],
    ["SPKI PEM", "rsa", rsa.publicKey.export({ format: "pem", type: "spki" })],
    ["SPKI PEM, trimmed", "rsa", String(rsa.publicKey.export({ format: "pem", type: "spki" })).trim()],
    ["SPKI DER", "rsa", rsa.publicKey.export({ format: "der", type: "spki" })],
    ["PKCS#1 PEM", "rsa", rsa.publicKey.export({ format: "pem", type: "pkcs1" })],
    ["PKCS#1 PEM after a line break", "rsa", `\n${rsa.publicKey.export({ format: "pem", type: "pkcs1" })}`],
    ["PKCS#1 DER", "rsa", rsa.publicKey.export({ format: "der", type: "pkcs1" })],
    ["JWK", "rsa", JSON.stringify(rsa.publicKey.export({ format: "jwk" }))],
    ["OpenSSH", "rsa", openSsh("ssh-rsa", bytes(e), Buffer.concat([Buffer.from([0]), bytes(n)]))],
    ["modulus", "rsa", bytes(n)],
    ["modulus in base64url", "rsa", n],
    ["no secret", "rsa", ""],
  ];
  const hashes = ["256", "384", "512"];
  test.each(secrets.flatMap((secret) => hashes.map((hash) => [`HS${hash}`, ...secret] as const)))(
    "%s with %s of the %s key",
    async (alg, _form, kid, secret) => {
      const hmac: Sign = (input) =>
        createHmac(`sha${alg.slice(2)}`, secret)
          .update(input)
          .digest();
      expect(await codeOf(guard.verify(handMade({ ...goodHeader, alg, kid }, goodClaims, hmac)))).toBe(
        "invalid_token",
      );
      const lying = handMade({ ...goodHeader, alg: kid === "ec" ? "ES256" : "RS256", kid }, goodClaims, hmac);
      expect(await codeOf(guard.verify(lying))).toBe("invalid_token");
    },
  );
});

// CVE-2015-2951, and later ways past a filter of "none".
describe("an algorithm that is not the key's, over a signature that is good", () => {
  test.each<[unknown]>([
    ...["none", "None", "nOnE", "NONE", "none ", "none\u0000", "", " ", "null", "undefined"].map(only),
    ...["es256", "Es256", "ES256 ", " ES256", "ES256\u0000", "ES256\n", "ＥＳ２５６", "ES256K"].map(only),
    ...["HS256", "hs256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256", "RS384", "PS256", "ML-DSA-44"].map(
      only,
    ),
    ...["dir", "A128KW", "RSA-OAEP", "ECDH-ES", "__proto__", "constructor", "toString", "hasOwnProperty"].map(
      only,
    ),
    ...[undefined, null, 0, 256, true, [], ["ES256"], ["none"], [["ES256"]], {}, { ES256: true }].map(only),
  ])("%j", async (alg) => {
    const header = { ...goodHeader, alg, kid: "ec" };
    for (const signature of [ec.sign, () => "AA", () => ""]) {
      expect(await codeOf(guard.verify(handMade(header, goodClaims, signature)))).toBe("invalid_token");
    }
  });
});

describe("one key used for another algorithm", () => {
  test.each<[string, string, string, Sign]>([
    ["RSA as ECDSA", "ES256", "rsa", rsa.sign],
    ["ECDSA as RSA", "RS256", "ec", ec.sign],
    ["ECDSA as RSA-PSS", "PS256", "ec", ec.sign],
    ["PKCS#1 v1.5 as PSS", "PS256", "rsa", rsa.sign],
    ["PSS as PKCS#1 v1.5", "RS256", "rsa", pss],
    ["a PSS signature with a key for PKCS#1 v1.5", "PS256", "rsa", pss],
    ["SHA-384 as SHA-256", "RS256", "rsa", (input) => sign("sha384", Buffer.from(input), rsa.privateKey)],
    ["SHA-1 as SHA-256", "RS256", "rsa", (input) => sign("sha1", Buffer.from(input), rsa.privateKey)],
  ])("%s", async (_name, alg, kid, signing) => {
    expect(await codeOf(guard.verify(handMade({ ...goodHeader, alg, kid }, goodClaims, signing)))).toBe(
      "invalid_token",
    );
  });
});

test.each(["HS256", "none", "es256", "", "__proto__", null, {}])(
  "a guard cannot be told to accept %j",
  (algorithm) => {
    const options: object = { issuer: issuer.issuer, algorithms: ["ES256", algorithm] };
    const make: (options: never) => unknown = createGuard;
    // A program without types. Only this cast can express it.
    expect(() => make(options as never)).toThrow("createGuard: algorithms must be");
  },
);

function only(value: unknown): [unknown] {
  return [value];
}

function pss(input: string): Buffer {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign("sha256", Buffer.from(input), { key: rsa.privateKey, padding, saltLength: 32 });
}
