import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGuard, TokenError } from "@latchkey/guard";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { freePort } from "@latchkey/testkit/sockets";
import { createLocalJWKSet, exportJWK, type JSONWebKeySet, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { algorithmOf, newSigningKeyPair } from "../../src/core/tokens/signing-key-pair.ts";
import { SigningKeys } from "../../src/core/tokens/signing-keys.ts";
import { openStore } from "../../src/store/store.ts";
import { bearer, check, signIn } from "./api-case.ts";

async function keySetOf(server: TestServer): Promise<JSONWebKeySet> {
  return (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
}

describe.each(["ES256", "RS256"] as const)("LATCHKEY_SIGNING_ALGORITHM=%s", (algorithm) => {
  test("both keys have it, and a verifier accepts their tokens", async () => {
    await using server = await testServer({ SIGNING_ALGORITHM: algorithm });
    const { access } = await signIn(server);
    const keySet = await keySetOf(server);
    expect(keySet.keys.map(({ alg }) => alg)).toEqual([algorithm, algorithm]);
    const { protectedHeader } = await jwtVerify(access, createLocalJWKSet(keySet), {
      issuer: server.url,
      algorithms: [algorithm],
      typ: "at+jwt",
    });
    expect(protectedHeader.alg).toBe(algorithm);
    await check(
      server,
      "/auth",
      { method: "GET", path: "/me", headers: bearer(access) },
      { status: 200, body: { username: "alice" } },
    );
  });

  test("a published key shows no private member", async () => {
    const { publicJwk, privateKey } = await newSigningKeyPair(algorithm);
    const secrets = Object.entries(await exportJWK(privateKey)).filter(([name]) => !(name in publicJwk));
    expect(secrets).not.toHaveLength(0);
    for (const [, value] of secrets) expect(JSON.stringify(publicJwk)).not.toContain(value);
  });
});

test("a token with another algorithm in its header is refused", async () => {
  await using server = await testServer({ SIGNING_ALGORITHM: "RS256" });
  const { access } = await signIn(server);
  const [, payload, signature] = access.split(".");
  const { keys } = await keySetOf(server);
  for (const alg of ["ES256", "HS256", "none"]) {
    const header = Buffer.from(JSON.stringify({ alg, typ: "at+jwt", kid: keys[0]?.kid })).toString(
      "base64url",
    );
    await check(
      server,
      "/auth",
      { method: "GET", path: "/me", headers: bearer(`${header}.${payload}.${signature}`) },
      { status: 401, code: "invalid_token" },
    );
  }
});

test("a changed algorithm applies to new keys: it signs after two rotations", async () => {
  const store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  let now = 1_700_000_000_000;
  const sealing = deriveKeys("a secret of many characters").sealing;
  const parts = { store: store.keys, sealing, steady: () => now };
  await SigningKeys.open({ ...parts, clock: () => now, algorithm: "ES256" });
  const keys = await SigningKeys.open({ ...parts, clock: () => now, algorithm: "RS256" });
  const used = [keys.signer.algorithm];
  for (let rotation = 0; rotation < 2; rotation++) {
    now += 3_600_000;
    await keys.rotate(3_600_000, { name: "key.rotated", at: now, address: "test" });
    used.push(keys.signer.algorithm);
  }
  expect(used).toEqual(["ES256", "ES256", "RS256"]);
  await store.close();
});

test("after a change to RS256, server and guards accept tokens of both", async () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const shared = { DATABASE: join(folder, "latchkey.db"), PORT: String(await freePort()) };
  const before = await testServer({ ...shared, SIGNING_ALGORITHM: "ES256" });
  const tokens = [(await signIn(before)).access];
  await before[Symbol.asyncDispose]();
  {
    await using server = await testServer({ ...shared, SIGNING_ALGORITHM: "RS256", KEY_ROTATION: "6m" });
    const sources = { issuer: server.url, now: server.now, revocations: { isRevoked: () => false } };
    await using guard = createGuard(sources);
    await using pinned = createGuard({ ...sources, algorithms: ["ES256"] });
    for (let rotation = 0; rotation < 2; rotation++) {
      server.advance(6 * 60_000 + 1);
      await server.server.backgroundJobs.purge();
      tokens.push((await signIn(server)).access);
    }
    const algorithmIn = (token: string): unknown =>
      JSON.parse(Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString()).alg;
    expect(tokens.map(algorithmIn)).toEqual(["ES256", "ES256", "RS256"]);
    for (const token of tokens) {
      const me = { method: "GET", path: "/me", headers: bearer(token) } as const;
      await check(server, "/auth", me, { status: 200, body: { username: "alice" } });
      expect(await guard.verify(token)).toMatchObject({ username: "alice" });
      const code = await pinned.verify(token).then(
        () => "accepted",
        (error: unknown) => (error instanceof TokenError ? error.code : error),
      );
      expect(code).toBe(algorithmIn(token) === "ES256" ? "accepted" : "invalid_token");
    }
  }
  rmSync(folder, { recursive: true });
});

test("an unknown algorithm of a stored key is an error that names both", () => {
  expect(() => algorithmOf({ kid: "k9", alg: "ML-DSA-44" })).toThrow(/k9.*ML-DSA-44/);
});
