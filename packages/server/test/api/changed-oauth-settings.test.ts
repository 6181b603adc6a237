import { allowClient, redeemCode, refreshClient, registerClient } from "@latchkey/testkit/oauth/client-calls";
import { tokensOf } from "@latchkey/testkit/server/auth-calls";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { bearer, claimsOf, send } from "./api-case.ts";
import { blockClient, form } from "./oauth-world.ts";
import { openOnPostgres } from "./postgres-world.ts";

const issuer = "http://127.0.0.1:4999";
const older = "the old secret of these tests, long enough";
const newer = "the new secret of these tests, long enough";
const key = "k".repeat(40);
const settings = { ISSUER: issuer, SECRET: older, GUARD_KEYS: key };

async function allowed({ url }: TestServer, clientId: string) {
  const code = await allowClient(url, issuer, clientId, { username: "alice", password: passwords.alice });
  if (code === undefined) throw new Error("not allowed");
  return code;
}

/** The ended sessions of the list that guards read. */
async function ended(server: TestServer): Promise<unknown> {
  const { status, body } = await send(server, "", {
    method: "GET",
    path: "/revocations?after=0",
    headers: bearer(key),
  });
  expect(status).toBe(200);
  return body["revocations"];
}

describe.each([
  ["SQLite", testServer],
  ["PostgreSQL", openOnPostgres],
] as const)("clients with live sessions: %s", (_engine, open) => {
  test("go on after a rotation of the secret: ids, codes, refresh tokens", async () => {
    await using before = await open(settings);
    const clientId = await registerClient(before.url);
    const { refresh } = tokensOf(await redeemCode(before.url, clientId, await allowed(before, clientId)));
    const code = await allowed(before, clientId);
    await using after = await open({
      ...settings,
      DATABASE: before.database,
      SECRET: `${newer}\n${older}`,
    });
    expect((await redeemCode(after.url, clientId, code)).status).toBe(200);
    const refreshed = await refreshClient(after.url, clientId, refresh);
    expect(refreshed.status).toBe(200);
    await using last = await open({ ...settings, DATABASE: before.database, SECRET: newer });
    // An id that the old secret has sealed is gone with it.
    const late = await refreshClient(last.url, clientId, tokensOf(refreshed).refresh);
    expect([late.status, late.body["error"]]).toEqual([401, "invalid_client"]);
  });

  test("have no endpoints after OAuth is switched off, and can be ended", async () => {
    await using before = await open(settings);
    const clientId = await registerClient(before.url);
    const { access, refresh } = tokensOf(
      await redeemCode(before.url, clientId, await allowed(before, clientId)),
    );
    await using after = await open({ ...settings, DATABASE: before.database, OAUTH: "off" });
    expect((await refreshClient(after.url, clientId, refresh)).status).toBe(404);
    expect((await send(after, "", form("/oauth/introspect", { token: access }))).status).toBe(404);
    const own = { method: "POST", path: "/refresh", body: { refresh_token: refresh } } as const;
    expect((await send(after, "/auth", own)).body["code"]).toBe("token_revoked");
    // The refused refresh ended nothing.
    expect(await ended(after)).toEqual([]);
    await blockClient(after, clientId);
    expect(await ended(after)).toMatchObject([{ sessionId: claimsOf(access)["sid"] }]);
  });
});
