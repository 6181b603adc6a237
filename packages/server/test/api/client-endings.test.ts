import { allowClient, redeemCode, refreshClient, registerClient } from "@latchkey/testkit/oauth/client-calls";
import { tokensOf } from "@latchkey/testkit/server/auth-calls";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { send } from "./api-case.ts";
import { batch, copySessions, count } from "./many-sessions-contract.ts";
import { blockClient, form, unblockClient } from "./oauth-world.ts";
import { openOnPostgres } from "./postgres-world.ts";

const issuer = "http://127.0.0.1:4999";
const alice = { username: "alice", password: passwords.alice };

async function allowed(server: TestServer, clientId: string) {
  const code = await allowClient(server.url, issuer, clientId, alice);
  if (code === undefined) throw new Error("not allowed");
  return code;
}

async function isActive(server: TestServer, token: string): Promise<unknown> {
  return (await send(server, "", form("/oauth/introspect", { token }))).body["active"];
}

for (const [engine, open] of [
  ["SQLite", testServer],
  ["PostgreSQL", openOnPostgres],
] as const) {
  describe(`a client with very many live sessions: ${engine}`, () => {
    test("another process finishes the endings; until then no token is valid", async () => {
      await using server = await open({ ISSUER: issuer });
      const clientId = await registerClient(server.url);
      // The oldest session: its row is marked last.
      const { access, refresh } = tokensOf(
        await redeemCode(server.url, clientId, await allowed(server, clientId)),
      );
      const pending = await allowed(server, clientId);
      expect(await isActive(server, access)).toBe(true);
      await copySessions(server, 5 * batch);
      await server.server.backgroundJobs.stop();
      await blockClient(server, clientId);
      expect(await count(server, "revocations")).toBe(batch);
      expect(await count(server, "client_endings")).toBe(1);
      expect((await refreshClient(server.url, clientId, refresh)).body["error"]).toBe("invalid_client");
      await unblockClient(server, clientId);

      await using other = await open({ DATABASE: server.database, ISSUER: issuer });
      expect(await isActive(other, access)).toBe(false);
      for (const answer of [
        await refreshClient(other.url, clientId, refresh),
        await redeemCode(other.url, clientId, pending),
      ])
        expect(answer.body["error"]).toBe("invalid_grant");
      await until(
        "all sessions have ended",
        async () => (await count(server, "client_endings")) === 0,
        20_000,
      );
      expect(await count(server, "revocations")).toBe(5 * batch + 1);
      expect(await isActive(other, access)).toBe(false);
      // The client signs in again.
      const fresh = await redeemCode(other.url, clientId, await allowed(other, clientId));
      expect(await isActive(other, tokensOf(fresh).access)).toBe(true);
    });
  });
}
