import { type Changes, codeOf, start, TestIssuer } from "@latchkey/testkit/mcp/issuer";
import fc from "fast-check";
import { generateKeyPair } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { type Guard, TokenError } from "../src/index.ts";

const own = await TestIssuer.make();
const { issuer, audience, publicKey } = own;
const stranger = await generateKeyPair("ES256");
const p384 = await generateKeyPair("ES384");
const token = (changes?: Changes) => own.token(changes);

let published: Set<string>;
let guard: Guard;
beforeEach(() => {
  own.now = start * 1000;
  own.ended.clear();
  published = new Set(["k1"]);
  guard = make();
});

function make(options: { cacheSize?: number; audience?: string | string[] } = {}): Guard {
  return own.guard({ keys: { get: (kid) => (published.has(kid) ? publicKey : undefined) }, ...options });
}

test("a good token names its principal", async () => {
  expect(await guard.verify(await token())).toMatchObject({
    userId: "user:alice",
    username: "alice",
    roles: ["user", "premium"],
    scopes: ["openid", "profile"],
    sessionId: "session-1",
    expiresAt: (start + 60) * 1000,
  });
});

describe("refused", () => {
  test.each<[string, Changes]>([
    ["another issuer", { claims: { iss: `${issuer}/` } }],
    ["no issuer", { claims: { iss: undefined } }],
    ["another audience", { claims: { aud: "https://other.example" } }],
    ["no audience", { claims: { aud: undefined } }],
    ["no subject", { claims: { sub: undefined } }],
    ["no expiry", { claims: { exp: undefined } }],
    ["an expiry that is a text", { claims: { exp: "tomorrow" } }],
    ["not valid yet", { claims: { nbf: start + 10 } }],
    ["an id token's type", { header: { typ: "JWT" } }],
    ["no type", { header: { typ: undefined } }],
    ["an unknown kid", { header: { kid: "k2" } }],
    ["no kid", { header: { kid: undefined } }],
    ["another signer", { key: stranger.privateKey }],
    ["another curve", { header: { alg: "ES384" }, key: p384.privateKey }],
  ])("%s", async (_name, changes) => {
    expect(await codeOf(guard.verify(await token(changes)))).toBe("invalid_token");
  });

  test("an embedded key is ignored", async () => {
    const header = { jwk: await crypto.subtle.exportKey("jwk", stranger.publicKey), kid: "k1" };
    expect(await codeOf(guard.verify(await token({ header, key: stranger.privateKey })))).toBe(
      "invalid_token",
    );
  });

  test("no token at all", async () => expect(await codeOf(guard.verify(undefined))).toBe("missing_token"));

  test("any other text", async () => {
    const good = await token();
    const near = fc.tuple(fc.nat(good.length - 1), fc.string({ minLength: 1, maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String(), { minLength: 3, maxLength: 3 }).map((parts) => parts.join(".")),
          near.map(([at, text]) => good.slice(0, at) + text + good.slice(at + 1)),
        ),
        async (text) => {
          fc.pre(text !== good);
          expect(await codeOf(guard.verify(text))).toBe("invalid_token");
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a cached token", () => {
  test("still expires to the millisecond", async () => {
    const good = await token();
    await guard.verify(good);
    own.now = (start + 60) * 1000 - 1;
    expect(await codeOf(guard.verify(good))).toBe("accepted");
    own.now += 1;
    expect(await codeOf(guard.verify(good))).toBe("token_expired");
    expect(await codeOf(make().verify(good))).toBe("token_expired");
  });

  test("is refused from the moment its session ends", async () => {
    const good = await token();
    await guard.verify(good);
    own.ended.add("session-1");
    expect(await codeOf(guard.verify(good))).toBe("token_revoked");
    expect(await codeOf(make().verify(good))).toBe("token_revoked");
  });

  test("is found as a whole: the same claims with another signature are verified", async () => {
    const good = await token();
    await guard.verify(good);
    const forged = await token({ key: stranger.privateKey });
    expect(await codeOf(guard.verify(forged))).toBe("invalid_token");
    expect(await codeOf(guard.verify(`${good}A`))).toBe("invalid_token");
  });

  test("is refused once its key is withdrawn", async () => {
    const good = await token();
    await guard.verify(good);
    published.clear();
    expect(await codeOf(guard.verify(good))).toBe("invalid_token");
  });

  test("gives the same principal, until many others have come", async () => {
    const small = make({ cacheSize: 2 });
    const tokens = await Promise.all([1, 2, 3].map((jti) => token({ claims: { jti: String(jti) } })));
    const principals: unknown[] = [];
    for (const one of tokens) principals.push(await small.verify(one));
    expect(await small.verify(tokens[2])).toBe(principals[2]);
    const again = await small.verify(tokens[0]);
    expect(again).toEqual(principals[0]);
    expect(again).not.toBe(principals[0]);
  });
});

test("one of several audiences is enough", async () => {
  const several = make({ audience: ["https://a.example", audience] });
  expect(await codeOf(several.verify(await token({ claims: { aud: ["x", audience] } })))).toBe("accepted");
});

test("an error of the key source is passed on", async () => {
  const refresh = () => Promise.reject(new Error("offline"));
  const broken = own.guard({ keys: { get: () => undefined, refresh } });
  await expect(broken.verify(await token())).rejects.toThrow("offline");
});

test("an error contains no part of a token", async () => {
  const bad = await token({ claims: { aud: "canary" }, key: stranger.privateKey });
  const error = await guard.verify(bad).catch((caught: unknown) => caught);
  if (!(error instanceof TokenError)) throw error;
  const [header = "", claims = "", signature = ""] = bad.split(".");
  for (const part of [header, claims, signature, "canary"]) {
    expect(`${error.message} ${error.reason} ${error.stack}`).not.toContain(part);
  }
});
