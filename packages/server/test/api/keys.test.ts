import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { unseal } from "../../src/core/tokens/key-sealing.ts";
import { openStore } from "../../src/store/store.ts";
import { bearer, claimsOf, send, signIn } from "./api-case.ts";

const hour = 3_600_000;
const secret = "a secret that is long enough for this";

async function keySet(server: TestServer) {
  const response = await fetch(`${server.url}/.well-known/jwks.json`);
  const { keys } = (await response.json()) as { keys: Record<string, string>[] };
  return { keys, headers: response.headers };
}

const headerOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());

async function me(server: TestServer, token: string): Promise<[number, unknown]> {
  const { status, body } = await send(server, "/auth", {
    method: "GET",
    path: "/me",
    headers: bearer(token),
  });
  return [status, body["code"]];
}

describe("keys", () => {
  test("the key set has the signing key and the next one, without private parts", async () => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const { keys, headers } = await keySet(server);
    expect(headers.get("cache-control")).toBe("public, max-age=300");
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
    expect(keys.map(({ kid }) => kid)).toContain(headerOf(access)["kid"]);
  });

  test("a standard verifier accepts a token with the published keys", async () => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const { keys } = await keySet(server);
    const set = createLocalJWKSet({ keys: keys.map((key) => ({ ...key, kty: "EC" })) });
    const { payload } = await jwtVerify(access, set, {
      issuer: server.url,
      audience: server.url,
      typ: "at+jwt",
    });
    expect(payload.sub).toBe("user:alice");
  });

  test("a key is published before it signs and until its last token expires", async () => {
    await using server = await testServer();
    const old = await signIn(server);
    const before = await keySet(server);
    server.advance(91 * 24 * hour);
    await server.server.backgroundJobs.purge();
    const fresh = await signIn(server);
    expect(headerOf(fresh.access)["kid"]).not.toBe(headerOf(old.access)["kid"]);
    expect(before.keys.map(({ kid }) => kid)).toContain(headerOf(fresh.access)["kid"]);
    const after = await keySet(server);
    expect(after.keys).toHaveLength(3);
    expect(server.newEvents().map(({ name }) => name)).toContain("key.rotated");

    server.advance(hour - 1000);
    await server.server.backgroundJobs.purge();
    expect((await keySet(server)).keys).toHaveLength(3);
    server.advance(61_002);
    await server.server.backgroundJobs.purge();
    await server.server.backgroundJobs.poll();
    const kept = (await keySet(server)).keys.map(({ kid }) => kid);
    expect(kept).toHaveLength(2);
    expect(kept).not.toContain(headerOf(old.access)["kid"]);
  });

  test("a cached key set has the signing key, at any rate of rotation", async () => {
    await using server = await testServer({ KEY_ROTATION: "1m" });
    let cached: { keys: Record<string, string>[]; until: number } = { keys: [], until: 0 };
    /** A shared cache: it repeats an answer until the lifetime of that answer ends. */
    async function throughCache() {
      if (server.now() >= cached.until) {
        const { keys, headers } = await keySet(server);
        const [, seconds = "0"] = /max-age=(\d+)/.exec(headers.get("cache-control") ?? "") ?? [];
        cached = { keys, until: server.now() + Number(seconds) * 1000 };
      }
      return cached.keys.map(({ kid }) => kid);
    }
    const signers = new Set<unknown>();
    for (let minute = 0; minute < 30; minute++) {
      const held = await throughCache();
      server.advance(60_000);
      await server.server.backgroundJobs.purge();
      const { kid } = headerOf((await signIn(server)).access);
      expect(held, `minute ${minute}`).toContain(kid);
      signers.add(kid);
    }
    expect(signers.size).toBeGreaterThan(3);
  });

  test("a key set that was not read for a minute is sent with no-store", async () => {
    await using server = await testServer();
    const database = new DatabaseSync(server.database, { timeout: 5_000 });
    database.exec("alter table signing_keys rename to signing_keys_moved");
    const cacheControl = async () => (await keySet(server)).headers.get("cache-control");
    server.advance(59_000);
    expect(await cacheControl()).toBe("public, max-age=300");
    server.advance(1_000);
    expect(await cacheControl()).toBe("no-store");
    database.exec("alter table signing_keys_moved rename to signing_keys");
    database.close();
    await server.server.backgroundJobs.poll();
    expect(await cacheControl()).toBe("public, max-age=300");
  });

  test("the database has private keys only in sealed form", async () => {
    await using server = await testServer();
    const store = await openStore({
      place: { engine: "sqlite", path: server.database },
      owner: "command",
      onAudit: () => {},
    });
    const stored = await store.keys.all();
    expect(stored).toHaveLength(2);
    for (const key of stored) {
      const bytes = Buffer.from(key.sealedPrivateKey, "base64");
      // The object identifier of P-256, which every PKCS #8 of such a key holds.
      expect(bytes.includes(Buffer.from("2a8648ce3d030107", "hex"))).toBe(false);
      expect(key.publicJwk).not.toContain('"d"');
    }
    await store.close();
  });
});

test("a standard verifier accepts the signatures of 600 tokens", async () => {
  await using server = await testServer();
  const { keys } = await keySet(server);
  const set = createLocalJWKSet({ keys: keys.map((key) => ({ ...key, kty: "EC" })) });
  let { access } = await signIn(server);
  // DER drops leading zero bytes: about one signature in 128 has a shorter integer.
  for (let count = 0; count < 600; count++) {
    const body = { current_token: access };
    access = String(
      (await send(server, "/auth", { method: "POST", path: "/refresh", body })).body["access_token"],
    );
    await jwtVerify(access, set);
  }
});

describe("a foreign or changed token is refused", () => {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const { privateKey: stranger } = generateKeyPairSync("ec", { namedCurve: "P-256" });

  /** The server's signing key, read from its database. */
  async function ownKey(server: TestServer): Promise<KeyObject> {
    const store = await openStore({
      place: { engine: "sqlite", path: server.database },
      owner: "command",
      onAudit: () => {},
    });
    const [active] = (await store.keys.all()).filter(({ activatedAt }) => activatedAt !== null);
    await store.close();
    if (active === undefined) throw new Error("no key");
    const pkcs8 = unseal(active.sealedPrivateKey, active.kid, deriveKeys(secret).sealing);
    if (pkcs8 === undefined) throw new Error("not opened");
    return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  }

  /** A valid token with another header and signer. */
  function made(access: string, key: KeyObject, header: object): string {
    const signed = `${encode({ ...headerOf(access), ...header })}.${encode(claimsOf(access))}`;
    const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  }

  function hmac(access: string, key: KeyObject): string {
    const signed = `${encode({ ...headerOf(access), alg: "HS256" })}.${encode(claimsOf(access))}`;
    const pem = createPublicKey(key).export({ format: "pem", type: "spki" });
    return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
  }
  const swap = (token: string, part: 0 | 1 | 2, text: string) => token.split(".").with(part, text).join(".");
  const publicJwk = (key: KeyObject) => createPublicKey(key).export({ format: "jwk" });

  test.each<[string, (access: string, own: KeyObject) => string]>([
    ["another signer", (access) => made(access, stranger, {})],
    ["another signer and its key embedded", (access) => made(access, stranger, { jwk: publicJwk(stranger) })],
    [
      "another signer and an address of keys",
      (access) => made(access, stranger, { jku: "http://127.0.0.1:1/" }),
    ],
    ["our signature, an unknown kid", (access, own) => made(access, own, { kid: "unknown" })],
    ["our signature, no kid", (access, own) => made(access, own, { kid: undefined })],
    ["our signature, a kid that is a path", (access, own) => made(access, own, { kid: "../../etc/passwd" })],
    ["our signature, typ JWT", (access, own) => made(access, own, { typ: "JWT" })],
    ["our signature, no typ", (access, own) => made(access, own, { typ: undefined })],
    ["our signature, called ES384", (access, own) => made(access, own, { alg: "ES384" })],
    ["alg none and no signature", (access, own) => swap(made(access, own, { alg: "none" }), 2, "")],
    ["HS256 with our public key", hmac],
    ["an empty signature", (access) => swap(access, 2, "")],
    ["a signature of zeros", (access) => swap(access, 2, Buffer.alloc(64).toString("base64url"))],
    ["changed claims", (access) => swap(access, 1, encode({ ...claimsOf(access), sub: "user:bob" }))],
    [
      "another spelling of the signature",
      (access) => access.slice(0, -1) + String.fromCharCode(access.charCodeAt(access.length - 1) + 1),
    ],
    ["a cut token", (access) => access.slice(0, -1)],
  ])("%s", async (_name, make) => {
    await using server = await testServer({ SECRET: secret });
    const { access } = await signIn(server);
    const own = await ownKey(server);
    expect(await me(server, made(access, own, {}))).toEqual([200, undefined]);
    expect(await me(server, make(access, own))).toEqual([401, "invalid_token"]);
    expect(await me(server, access)).toEqual([200, undefined]);
  });

  test("another issuer or audience, signed with our own keys", async () => {
    await using server = await testServer();
    const { access } = await signIn(server);
    for (const other of [{ ISSUER: "https://other.example" }, { AUDIENCE: "https://api.example" }]) {
      await using second = await testServer({
        DATABASE: server.database,
        ...other,
        ISSUER: server.url,
        ...other,
      });
      expect(await me(second, access)).toEqual([401, "invalid_token"]);
    }
  });
});
