import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import type { Client, ClientCredential } from "../../../src/core/oauth/client.ts";
import { createAssertionCheck } from "../../../src/core/oauth/client-assertion.ts";
import type { ClientKey, ClientKeySets } from "../../../src/core/oauth/client-document.ts";
import { MemoryAttemptCounter } from "../../../src/core/throttle/memory-attempt-counter.ts";
import { caller } from "../small-world.ts";

const issuer = "https://login.example.com";
const tokenEndpoint = `${issuer}/oauth/token`;
const at = 1_700_000_000;
const minute = 60;

interface Pair {
  readonly algorithm: string;
  readonly key: KeyObject;
  readonly jwk: ClientKey;
}

function pairOf(algorithm: string, publicKey: KeyObject, privateKey: KeyObject, kid?: string): Pair {
  const jwk = { ...publicKey.export({ format: "jwk" }), ...(kid !== undefined && { kid }) };
  return { algorithm, key: privateKey, jwk };
}

function ellipticPair(kid?: string): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return pairOf("ES256", publicKey, privateKey, kid);
}

function rsaPair(algorithm: string, modulusLength = 2048): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength });
  return pairOf(algorithm, publicKey, privateKey);
}

function edwardsPair(algorithm: string): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return pairOf(algorithm, publicKey, privateKey);
}

/** A genuine RSA key with both exponents exchanged. The public one is as long as the modulus. */
function slowPair(): Pair {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { n = "", e = "", d = "", p = "", q = "", qi = "" } = privateKey.export({ format: "jwk" });
  const jwk = { kty: "RSA", n, e: d };
  return pairOf(
    "RS256",
    createPublicKey({ key: jwk, format: "jwk" }),
    createPrivateKey({ key: { ...jwk, d: e, p, q, dp: e, dq: e, qi }, format: "jwk" }),
  );
}

const own = ellipticPair();
const id = "report-3f9c2a7b10e4";

function clientWith(credentials: Client["credentials"], clientId = id): Client {
  return {
    id: clientId,
    name: "Report",
    redirectUris: [],
    credentials,
    grantTypes: ["client_credentials"],
    voucher: { by: "operator" },
  };
}

const keys = (...pairs: readonly Pair[]): ClientCredential => ({
  kind: "keys",
  keys: pairs.map(({ jwk }) => jwk),
});

const noKeySets: ClientKeySets = {
  at: async () => {
    throw new Error("no address is read");
  },
};

function world({ keySets = noKeySets }: { readonly keySets?: ClientKeySets } = {}) {
  const time = { now: at * 1000, elapsed: 0 };
  const used = new MemoryAttemptCounter(() => time.elapsed);
  const check = createAssertionCheck({ issuer, tokenEndpoint, keySets, used, clock: () => time.now });
  return {
    check: (assertion: string, client = clientWith([keys(own)])) => check(assertion, client, caller),
    used,
    advance(seconds: number) {
      time.now += seconds * 1000;
      time.elapsed += seconds * 1000;
    },
  };
}

type Claims = Readonly<Record<string, unknown>>;

const claims = (changes: Claims = {}): Claims => ({
  iss: id,
  sub: id,
  aud: issuer,
  iat: at,
  exp: at + 5 * minute,
  jti: "one",
  ...changes,
});

/** @param header its `kid` names the key */
function signed(changes: Claims = {}, { algorithm, key }: Pair = own, header: object = {}): Promise<string> {
  const present = Object.entries(claims(changes)).filter(([, value]) => value !== undefined);
  return new SignJWT(Object.fromEntries(present)).setProtectedHeader({ alg: algorithm, ...header }).sign(key);
}

const refusal = (reason: string) =>
  expect.objectContaining({ code: "invalid_client", reason: expect.stringContaining(reason) });

describe("an assertion is accepted", () => {
  test.each([
    ["ES256", own],
    ["RS256", rsaPair("RS256")],
    ["PS256", rsaPair("PS256")],
    ["EdDSA", edwardsPair("EdDSA")],
    ["Ed25519", edwardsPair("Ed25519")],
  ])("signed with %s", async (_, pair) => {
    await world().check(await signed({}, pair), clientWith([keys(pair)]));
  });

  test.each([
    ["for the issuer in a list", { aud: [issuer] }],
    ["for the token endpoint", { aud: tokenEndpoint }],
    ["without an id", { jti: undefined }],
    ["without the time of its issue", { iat: undefined }],
    ["from a clock that is ahead", { iat: at + 29 }],
    ["expired within the tolerance", { exp: at - 29 }],
    ["with the longest life", { exp: at + 10 * minute }],
  ])("%s", async (_, changes) => {
    await world().check(await signed(changes));
  });

  test("with any key of several that fit", async () => {
    const other = ellipticPair();
    const client = clientWith([keys(other, rsaPair("RS256"), own)]);
    await world().check(await signed(), client);
  });

  test("by a client that may prove itself in another way too", async () => {
    await world().check(await signed(), clientWith([{ kind: "none" }, keys(own)]));
  });
});

describe("invalid_client is answered to an assertion", () => {
  test.each<[string, Claims, string]>([
    ["of another issuer", { iss: "other" }, "CLAIM"],
    ["about another subject", { sub: "other" }, "CLAIM"],
    ["without an audience", { aud: undefined }, "CLAIM"],
    ["for another server", { aud: "https://other.example.com" }, "claim aud"],
    ["for our issuer with a slash", { aud: `${issuer}/` }, "claim aud"],
    ["for another server besides", { aud: [issuer, "https://other.example.com"] }, "claim aud"],
    ["for no server", { aud: [] }, "claim aud"],
    ["without an expiry", { exp: undefined }, "CLAIM"],
    ["that expired", { exp: at - 31 }, "EXPIRED"],
    ["that lives for too long", { exp: at + 11 * minute }, "claim exp"],
    ["that is not valid yet", { nbf: at + 60 }, "CLAIM"],
    ["from the future", { iat: at + 60 }, "claim iat"],
    ["with an id that is no text", { jti: 7 }, "claim jti"],
    ["with an empty id", { jti: "" }, "claim jti"],
  ])("%s", async (_, changes, reason) => {
    await expect(world().check(await signed(changes))).rejects.toEqual(refusal(reason));
  });

  test("signed with another key", async () => {
    await expect(world().check(await signed({}, ellipticPair()))).rejects.toEqual(refusal("SIGNATURE"));
  });

  test("signed with a key of another kind", async () => {
    await expect(world().check(await signed({}, rsaPair("RS256")))).rejects.toEqual(
      refusal("NO_MATCHING_KEY"),
    );
  });

  test("signed with none of several keys that fit", async () => {
    const client = clientWith([keys(ellipticPair(), own)]);
    await expect(world().check(await signed({}, ellipticPair()), client)).rejects.toEqual(
      refusal("SIGNATURE"),
    );
  });

  test("signed with a short RSA key", async () => {
    // jose refuses to sign with it too.
    const short = rsaPair("RS256", 1024);
    const text = [{ alg: "RS256" }, claims()]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const assertion = `${text}.${sign("sha256", Buffer.from(text), short.key).toString("base64url")}`;
    await expect(world().check(assertion, clientWith([keys(short)]))).rejects.toEqual(
      refusal("unusable key"),
    );
  });

  test("signed with an RSA key whose exponent or modulus makes its check slow", async () => {
    const pair = rsaPair("RS256");
    const large = { ...pair, jwk: { ...pair.jwk, n: Buffer.alloc(513, 1).toString("base64url") } };
    for (const slow of [slowPair(), large]) {
      await expect(world().check(await signed({}, slow), clientWith([keys(slow)]))).rejects.toEqual(
        refusal("NO_MATCHING_KEY"),
      );
    }
  });

  test("signed with the sixth of six keys that fit, unless it names its key", async () => {
    const five = Array.from({ length: 5 }, (_, number) => ellipticPair(`other-${number}`));
    const last = ellipticPair("last");
    const client = clientWith([keys(...five, last)]);
    await expect(world().check(await signed({}, last), client)).rejects.toEqual(refusal("too many keys"));
    await world().check(await signed({}, last, { kid: "last" }), client);
  });

  test.each(["none", "HS256", "HS512"])(
    "with the algorithm %s and the public key as its secret",
    async (alg) => {
      const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
      const text = `${encode({ alg })}.${encode(claims())}`;
      const publicKey = createPublicKey(own.key);
      for (const secret of [
        publicKey.export({ type: "spki", format: "pem" }),
        publicKey.export({ type: "spki", format: "der" }),
        JSON.stringify(own.jwk),
      ]) {
        const mac = createHmac(alg === "HS512" ? "sha512" : "sha256", secret)
          .update(text)
          .digest("base64url");
        for (const signature of ["", mac]) {
          await expect(world().check(`${text}.${signature}`)).rejects.toEqual(refusal("assertion: "));
        }
      }
    },
  );

  test("with a key of its own in the header", async () => {
    const thief = ellipticPair();
    const assertion = await signed({}, thief, { jwk: thief.jwk, jku: "https://evil.example/keys" });
    await expect(world().check(assertion)).rejects.toEqual(refusal("SIGNATURE"));
  });

  test("of a client without keys", async () => {
    for (const credential of [{ kind: "none" }, { kind: "secret", hash: "x" }] as const)
      await expect(world().check(await signed(), clientWith([credential]))).rejects.toEqual(refusal(""));
  });

  test.each(["", ".", "..", "a.b.c", "e30.e30.", "null.null.null", "x".repeat(5000)])(
    "that reads %j",
    async (text) => {
      await expect(world().check(text)).rejects.toEqual(refusal("assertion: "));
    },
  );
});

describe("an assertion works once", () => {
  test("with an id, whatever else differs", async () => {
    const { check } = world();
    await check(await signed());
    await expect(check(await signed({ iat: at + 1 }))).rejects.toEqual(refusal("used before"));
    await check(await signed({ jti: "two" }));
  });

  test("also of twenty at once", async () => {
    const { check } = world();
    const assertion = await signed();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => check(assertion)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("without an id, also with its signature written in the other way", async () => {
    const { check } = world();
    const assertion = await signed({ jti: undefined });
    await check(assertion);
    await expect(check(assertion)).rejects.toEqual(refusal("used before"));
    await expect(check(withOtherSignature(assertion))).rejects.toEqual(refusal("used before"));
  });

  test("and another client may use the same id", async () => {
    const { check } = world();
    await check(await signed());
    await check(await signed({ iss: "other", sub: "other" }), clientWith([keys(own)], "other"));
  });

  test("until it has expired, and is forgotten then", async () => {
    const { check, used, advance } = world();
    const assertion = await signed({ exp: at + 10 * minute });
    await check(assertion);
    advance(10 * minute + 29);
    await expect(check(assertion)).rejects.toEqual(refusal("used before"));
    advance(2);
    await expect(check(assertion)).rejects.toEqual(refusal("EXPIRED"));
    advance(minute);
    await used.prune();
    expect(used.size).toBe(0);
  });

  test("and a refused one is not remembered, so strangers fill nothing", async () => {
    const { check, used } = world();
    for (const changes of [{ aud: "https://other.example" }, { exp: at - 60 }, { sub: "other" }])
      await expect(check(await signed(changes))).rejects.toEqual(refusal(""));
    await expect(check(await signed({}, ellipticPair()))).rejects.toEqual(refusal(""));
    expect(used.size).toBe(0);
  });
});

describe("keys at an address", () => {
  const address = "https://app.example.com/keys.json";
  const client = clientWith([{ kind: "key_address", url: address }]);

  test("are read again if they lack the key that the assertion names", async () => {
    const old = ellipticPair("old");
    const next = ellipticPair("next");
    const reads: string[] = [];
    const keySets: ClientKeySets = {
      async at(url, _caller, known) {
        reads.push(url);
        const copy = [old.jwk];
        return known?.(copy) === false ? [old.jwk, next.jwk] : copy;
      },
    };
    const { check } = world({ keySets });
    await check(await signed({}, old, { kid: "old" }), client);
    await check(await signed({ jti: "two" }, next, { kid: "next" }), client);
    await expect(check(await signed({}, next, { kid: "third" }), client)).rejects.toEqual(
      refusal("NO_MATCHING"),
    );
    expect(reads).toEqual([address, address, address]);
  });

  test("that cannot be read now are not the client's fault", async () => {
    const unavailable = new Error("away");
    const keySets: ClientKeySets = {
      at: async () => {
        throw unavailable;
      },
    };
    await expect(world({ keySets }).check(await signed(), client)).rejects.toBe(unavailable);
  });
});

/** The order of the curve P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same ES256 assertion with S replaced by its negative, which verifies as well. */
function withOtherSignature(assertion: string): string {
  const end = assertion.lastIndexOf(".");
  const signature = Buffer.from(assertion.slice(end + 1), "base64url");
  const negative = order - BigInt(`0x${signature.subarray(32).toString("hex")}`);
  const other = Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from(negative.toString(16).padStart(64, "0"), "hex"),
  ]);
  return `${assertion.slice(0, end)}.${other.toString("base64url")}`;
}
