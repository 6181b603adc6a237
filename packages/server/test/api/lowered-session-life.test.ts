import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { bearer, claimsOf, send, signIn, type Tokens } from "./api-case.ts";
import { connectMcp } from "./mcp-client.ts";
import { openOnPostgres } from "./postgres-world.ts";

const minute = 60_000;
const hour = 60 * minute;

for (const [engine, open] of [
  ["SQLite", testServer],
  ["PostgreSQL", openOnPostgres],
] as const) {
  describe(`a lowered setting applies to open sessions: ${engine}`, () => {
    /** Signs in under the defaults, then opens a server with other settings. @param after in milliseconds */
    async function lowered(after: number, settings: Record<string, string>) {
      const ISSUER = "http://latchkey.test";
      const before = await open({ ISSUER });
      const tokens = await signIn(before);
      const server = await open({ ISSUER, DATABASE: before.database, ...settings }, undefined, after);
      const over = async () => {
        await server[Symbol.asyncDispose]();
        await before[Symbol.asyncDispose]();
      };
      return { tokens, server, [Symbol.asyncDispose]: over };
    }

    test.each([
      ["SESSION_MAX", 2 * hour, { SESSION_MAX: "1h", SESSION_IDLE: "1h" }],
      ["SESSION_IDLE", 2 * hour, { SESSION_IDLE: "1h" }],
    ])("%s: the refresh token has expired", async (_name, after, settings) => {
      await using world = await lowered(after, settings);
      expect(await refresh(world.server, world.tokens)).toMatchObject({ status: 401, code: "token_expired" });
    });

    test("a live access token can no longer be traded", async () => {
      await using world = await lowered(40 * minute, { SESSION_MAX: "30m", SESSION_IDLE: "30m" });
      const body = { current_token: world.tokens.access };
      const answer = await send(world.server, "/auth", { method: "POST", path: "/refresh", body });
      expect({ status: answer.status, code: answer.body["code"] }).toEqual({
        status: 401,
        code: "token_expired",
      });
    });

    test("a live session and its new tokens end at the lowered limit", async () => {
      await using world = await lowered(20 * minute, { SESSION_MAX: "30m", SESSION_IDLE: "30m" });
      const { server, tokens } = world;
      const answer = await refresh(server, tokens);
      expect(answer.status).toBe(200);
      expect(answer.lifetime).toBeGreaterThan(590);
      expect(answer.lifetime).toBeLessThanOrEqual(600);
      server.advance(11 * minute);
      const again = { ...tokens, refresh: answer.refresh };
      expect(await refresh(server, again)).toMatchObject({ status: 401, code: "token_expired" });
    });

    test("list_my_sessions omits a session beyond the limit", async () => {
      await using world = await lowered(40 * minute, { SESSION_MAX: "30m", SESSION_IDLE: "30m", MCP: "on" });
      const fresh = await signIn(world.server);
      await using client = await connectMcp(2, world.server.url, fresh.access);
      const { value } = await client.call("list_my_sessions");
      expect(value).toMatchObject({ sessions: [{ id: claimsOf(fresh.access)["sid"] }], total: 1 });
    });

    test("an issued token stays valid, and its logout holds until it expires", async () => {
      await using world = await lowered(40 * minute, { SESSION_MAX: "30m", SESSION_IDLE: "30m" });
      const { server, tokens } = world;
      const headers = bearer(tokens.access);
      const me = async () => (await send(server, "/auth", { method: "GET", path: "/me", headers })).status;
      expect(await me()).toBe(200);
      expect((await send(server, "/auth", { method: "POST", path: "/logout", headers })).status).toBe(200);
      server.advance(10 * minute);
      await server.server.backgroundJobs.purge();
      expect(await me()).toBe(401);
    });

    test("a raised setting extends no session", async () => {
      await using before = await open({ SESSION_MAX: "1h", SESSION_IDLE: "1h" });
      const tokens = await signIn(before);
      await using server = await open({ DATABASE: before.database }, undefined, 2 * hour);
      expect(await refresh(server, tokens)).toMatchObject({ status: 401, code: "token_expired" });
    });
  });
}

async function refresh(server: TestServer, tokens: Tokens) {
  const body = { refresh_token: tokens.refresh };
  const answer = await send(server, "/auth", { method: "POST", path: "/refresh", body });
  return {
    status: answer.status,
    code: answer.body["code"],
    refresh: String(answer.body["refresh_token"]),
    lifetime: Number(answer.body["expires_in"]),
  };
}
