import { sign, X509Certificate } from "node:crypto";
import { createServer } from "node:http";
import { codeOf } from "@latchkey/testkit/mcp/issuer";
import { listenLocally } from "@latchkey/testkit/sockets";
import { afterAll, describe, expect, test } from "vitest";
import { OwnIssuer } from "../own-issuer.ts";
import { ecSigner, goodClaims, goodHeader, guardOf, handMade, issuer, type Signer } from "./hand-made.ts";

const theirs = ecSigner();
const ours = ecSigner();
const guard = guardOf({ k1: ours });
const certificate = certify(theirs);

/** A trap that serves the attacker's key in every form, and counts its requests. */
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  const { origin } = new URL(`http://${request.headers.host}`);
  const jwk = { ...theirs.publicKey.export({ format: "jwk" }), kid: "k1", alg: "ES256", use: "sig" };
  const metadata = { issuer: origin, jwks_uri: `${origin}/keys` };
  if (request.url === "/cert") {
    response.end(
      `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`,
    );
  } else {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/keys" ? { keys: [jwk] } : metadata));
  }
});
const trap = `http://127.0.0.1:${await listenLocally(server)}`;
afterAll(() => void server.close());

const embedded: [string, Record<string, unknown>, Record<string, unknown>?][] = [
  ["jwk", { jwk: theirs.publicKey.export({ format: "jwk" }) }],
  ["jwk with our kid", { jwk: { ...theirs.publicKey.export({ format: "jwk" }), kid: "k1", alg: "ES256" } }],
  ["a private jwk", { jwk: theirs.privateKey.export({ format: "jwk" }) }],
  ["jwk as a text", { jwk: JSON.stringify(theirs.publicKey.export({ format: "jwk" })) }],
  ["a whole key set", { jwks: { keys: [theirs.publicKey.export({ format: "jwk" })] } }],
  ["x5c", { x5c: [certificate.toString("base64")] }],
  ["x5c with a thumbprint", { x5c: [certificate.toString("base64")], "x5t#S256": "AAAA", x5t: "AAAA" }],
  ["jku", { jku: `${trap}/keys` }],
  ["jku that begins like the issuer", { jku: `https://login.example@${trap.slice(7)}/keys` }],
  ["jku and x5u", { jku: `${trap}/keys`, x5u: `${trap}/cert` }],
  ["x5u", { x5u: `${trap}/cert` }],
  ["kid as an address", { kid: `${trap}/keys` }],
  ["iss as an address", {}, { iss: trap }],
  ["iss and jku", { jku: `${trap}/keys` }, { iss: trap }],
  ["all of them", { jku: `${trap}/keys`, x5u: `${trap}/cert`, x5c: [certificate.toString("base64")] }],
];

// CVE-2018-0114: a key inside the token is trusted.
describe("a key that the token contains or points to", () => {
  test("would fit", async () => {
    expect(new X509Certificate(certificate).publicKey.equals(theirs.publicKey)).toBe(true);
    const token = handMade(goodHeader, goodClaims, theirs.sign);
    expect(await codeOf(guardOf({ k1: theirs }).verify(token))).toBe("accepted");
  });

  test.each(embedded)("%s", async (_name, header, claims = {}) => {
    const token = handMade({ ...goodHeader, ...header }, { ...goodClaims, ...claims }, theirs.sign);
    expect(await codeOf(guard.verify(token))).toBe("invalid_token");
    expect(asked).toBe(0);
  });

  test("is not fetched by a guard with discovery", async () => {
    await using own = await OwnIssuer.start();
    await using finding = own.guard({ follow: false });
    await finding.ready();
    for (const [, header, claims] of embedded) {
      const all = { ...goodClaims, iss: own.url, aud: own.url, ...claims };
      const token = handMade({ ...goodHeader, ...header }, all, theirs.sign);
      expect(await codeOf(finding.verify(token))).toBe("invalid_token");
    }
    expect(asked).toBe(0);
    for (const path of own.requests)
      expect(path).toMatch(/^\/(\.well-known\/openid-configuration|keys|jwks)/);
  });
});

test("two issuers with the same kid keep their keys apart", async () => {
  const other = guardOf({ k1: theirs }, { issuer: "https://other.example" });
  const token = handMade(goodHeader, goodClaims, ours.sign);
  expect(await codeOf(guard.verify(token))).toBe("accepted");
  expect(await codeOf(other.verify(token))).toBe("invalid_token");
  expect(await codeOf(guard.verify(handMade(goodHeader, goodClaims, theirs.sign)))).toBe("invalid_token");
});

describe("kid injection", () => {
  const kids: unknown[] = [
    ...[
      "../../../../dev/null",
      "/dev/null",
      "..\\..\\k1",
      "./k1",
      "k1/",
      "file:///etc/passwd",
      "k1\u0000",
      "\u0000",
    ],
    ...["' UNION SELECT 'key' -- ", "k1' OR '1'='1", "k1; rm -rf /", "$(id)", "`id`", "%6b1"],
    ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"],
    ...["K1", "k1 ", " k1", "k\u200b1", "ｋ1", "", "\ud800", "k".repeat(10_000), `${trap}/keys`],
    ...[undefined, null, 0, 1, true, [], ["k1"], [["k1"]], {}, { toString: "k1" }, { kid: "k1" }],
  ];
  const table: Record<string, Signer["key"]> = { k1: ours.key };
  const guards = {
    "a map": guard,
    "a plain object": issuer.guard({ keys: { get: (kid) => table[kid] } }),
    "a plain object that is asked twice": issuer.guard({
      keys: { get: (kid) => table[kid], refresh: () => Promise.resolve() },
    }),
  };

  test.each(Object.entries(guards))("keys in %s", async (_name, one) => {
    expect(await codeOf(one.verify(handMade(goodHeader, goodClaims, ours.sign)))).toBe("accepted");
    for (const kid of kids) {
      for (const { sign: signing } of [ours, theirs]) {
        const token = handMade({ ...goodHeader, kid }, goodClaims, signing);
        expect.soft(await codeOf(one.verify(token)), JSON.stringify(kid)?.slice(0, 40)).toBe("invalid_token");
      }
    }
    expect(asked).toBe(0);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

/** A self-signed certificate (RFC 5280 §4.1) with the required fields alone. */
function certify({ publicKey, privateKey }: Signer): Buffer {
  const der = (tag: number, ...parts: Uint8Array[]) => {
    const body = Buffer.concat(parts);
    const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
  const ecdsaWithSha256 = sequence(der(0x06, Buffer.from("2a8648ce3d040302", "hex")));
  const name = sequence(
    der(0x31, sequence(der(0x06, Buffer.from([0x55, 4, 3])), der(0x0c, Buffer.from("k1")))),
  );
  const validity = sequence(der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z")));
  const spki = publicKey.export({ format: "der", type: "spki" });
  const body = sequence(der(0x02, Buffer.from([1])), ecdsaWithSha256, name, validity, name, spki);
  const signature = sign("sha256", body, privateKey);
  return sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
}
