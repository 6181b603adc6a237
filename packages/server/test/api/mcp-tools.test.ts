import { TokenError } from "@latchkey/guard";
import type { TestServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { openClientSession } from "../store/open-client-session.ts";
import { bearer, send, signIn } from "./api-case.ts";
import { connectMcp, majors } from "./mcp-client.ts";
import { mcpWorld as freshWorld, sharedMcpWorlds } from "./mcp-world.ts";

const mcpWorld = sharedMcpWorlds();

const forEverybody = ["who_am_i", "list_my_sessions", "end_my_session", "end_all_my_sessions"];
const forAdministrators = [
  "find_user",
  "disable_user",
  "enable_user",
  "unlock_user",
  "end_user_sessions",
  "recent_audit_events",
];

const meStatus = async (server: TestServer, token: string) =>
  (await send(server, "/auth", { method: "GET", path: "/me", headers: bearer(token) })).status;

describe.each(majors)("the server's own tools, called by a client of major %i", (major) => {
  describe("the list", () => {
    test("shows a user the tools for every user", async () => {
      await using world = await mcpWorld(major);
      const { client } = await world.as("alice");
      expect((await client.list()).map(({ name }) => name)).toEqual(forEverybody);
    });

    test("shows an administrator all tools, each with its hints", async () => {
      await using world = await mcpWorld(major);
      const { client } = await world.as("root");
      const hints = Object.fromEntries(
        (await client.list()).map(({ name, annotations }) => [
          name,
          [annotations?.["readOnlyHint"], annotations?.["destructiveHint"], annotations?.["idempotentHint"]],
        ]),
      );
      expect(hints).toEqual({
        who_am_i: [true, undefined, undefined],
        list_my_sessions: [true, undefined, undefined],
        end_my_session: [false, true, true],
        end_all_my_sessions: [false, true, true],
        find_user: [true, undefined, undefined],
        disable_user: [false, true, true],
        enable_user: [false, false, true],
        unlock_user: [false, false, true],
        end_user_sessions: [false, true, true],
        recent_audit_events: [true, undefined, undefined],
      });
    });

    test("shows a caller without a token the same, each with its token field", async () => {
      await using world = await mcpWorld(major);
      await using client = await connectMcp(major, world.server.url);
      const tools = await client.list();
      expect(tools.map(({ name }) => name)).toEqual(forEverybody);
      for (const name of forAdministrators) expect(JSON.stringify(tools)).not.toContain(name);
      for (const { inputSchema } of tools) expect(inputSchema["required"]).toContain("token");
    });
  });

  describe("who_am_i", () => {
    test("answers with the user and the session", async () => {
      await using world = await mcpWorld(major);
      const { client, sessionId } = await world.as("alice");
      expect(await client.call("who_am_i")).toMatchObject({
        value: {
          id: "user:alice",
          username: "alice",
          email: "alice@example.com",
          display_name: null,
          active_status: true,
          roles: ["user", "premium"],
          session_id: sessionId,
          token_expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      });
      expect(world.server.newEvents()).toEqual([]);
    });

    test("accepts the token in the field as well", async () => {
      await using world = await mcpWorld(major);
      const { token } = await world.as("bob");
      await using stranger = await connectMcp(major, world.server.url);
      expect(await stranger.call("who_am_i", { token })).toMatchObject({ value: { id: "user:bob" } });
    });
  });

  describe("list_my_sessions", () => {
    test("lists the caller's own live sessions", async () => {
      await using world = await mcpWorld(major);
      const first = await world.as("alice");
      const ended = await world.as("alice");
      await world.as("bob");
      world.server.advance(1000);
      const second = await world.as("alice");
      await ended.client.call("end_my_session", { session_id: ended.sessionId });
      const { value } = await second.client.call("list_my_sessions");
      const opened = new Date(world.server.now()).toISOString();
      expect(value).toEqual({
        total: 2,
        sessions: [
          {
            id: second.sessionId,
            opened_at: opened,
            last_used_at: opened,
            expires_at: fiveMinutesUp(world.server.now() + 7 * 86_400_000),
            address: "127.0.0.1",
            current: true,
          },
          expect.objectContaining({ id: first.sessionId, current: false, address: "127.0.0.1" }),
        ],
      });
    });

    test("names the client of a session, what it may do, and where; so does the trail", async () => {
      await using world = await mcpWorld(major);
      const app = { id: "app-1", name: "An app", scope: "notes:read", resource: "https://notes.example/mcp" };
      const place = { engine: "sqlite", path: world.server.database } as const;
      const at = world.server.now();
      const id = await openClientSession(place, { userId: "user:root", client: app, at });
      const { client } = await world.as("root");
      const { value } = await client.call("list_my_sessions");
      expect(value?.["sessions"]).toContainEqual(
        expect.objectContaining({
          id,
          client_id: "app-1",
          client_name: "An app",
          scope: "notes:read",
          resource: "https://notes.example/mcp",
          current: false,
        }),
      );
      const query = { name: "authorization.redeemed", limit: 1 };
      const trail = await client.call("recent_audit_events", query);
      expect(trail.value).toMatchObject({
        events: [{ session_id: id, client: "app-1", resource: "https://notes.example/mcp" }],
      });
    });

    test("rounds times of use and end to five minutes", async () => {
      await using world = await mcpWorld(major);
      const thief = await world.as("alice");
      const owner = await world.as("alice");
      world.server.advance(3_600_000 - 60_000);
      const refresh = { method: "POST", path: "/refresh", body: { refresh_token: owner.refresh } } as const;
      expect((await send(world.server, "/auth", refresh)).status).toBe(200);
      const used = world.server.now();
      const { value } = await thief.client.call("list_my_sessions");
      expect(value).toMatchObject({
        sessions: [
          {
            id: owner.sessionId,
            last_used_at: new Date(Math.floor(used / 300_000) * 300_000).toISOString(),
            expires_at: fiveMinutesUp(used + 7 * 86_400_000),
          },
          { id: thief.sessionId },
        ],
      });
    });

    test("shows the hundred most recently used", async () => {
      await using world = await mcpWorld(major);
      const first = await world.as("alice");
      world.server.advance(1000);
      for (let more = 1; more <= 100; more++) await signIn(world.server);
      const { value } = await first.client.call("list_my_sessions");
      expect(value).toMatchObject({ total: 101, sessions: { length: 100 } });
      expect(JSON.stringify(value)).not.toContain(first.sessionId);
      expect((await first.client.call("end_all_my_sessions")).value).toEqual({ ended: 101 });
    });
  });

  describe("end_my_session", () => {
    test("ends a session at once, and the event names the actor", async () => {
      await using world = await mcpWorld(major);
      const lost = await world.as("alice");
      const here = await world.as("alice");
      expect(await here.client.call("end_my_session", { session_id: lost.sessionId })).toMatchObject({
        value: { ended: 1 },
      });
      expect(world.server.newEvents()).toEqual([
        {
          name: "session.ended",
          subject: "user:alice",
          session_id: lost.sessionId,
          actor: "user:alice",
          address: "127.0.0.1",
          request_id: expect.stringMatching(/./),
          reason: "owner",
        },
      ]);
      expect(await meStatus(world.server, lost.token)).toBe(401);
      expect(await meStatus(world.server, here.token)).toBe(200);
      const body = { refresh_token: lost.refresh };
      const refreshed = await send(world.server, "/auth", { method: "POST", path: "/refresh", body });
      expect(refreshed.body["code"]).toBe("token_revoked");
    });

    test("ends the session of the call itself", async () => {
      await using world = await mcpWorld(major);
      const { client, sessionId } = await world.as("alice");
      expect((await client.call("end_my_session", { session_id: sessionId })).value).toEqual({ ended: 1 });
      await expect(client.call("who_am_i")).rejects.toThrow();
    });

    test("answers the same for a foreign, an ended and an unknown session", async () => {
      await using world = await mcpWorld(major);
      const bob = await world.as("bob");
      const ended = await world.as("alice");
      const { client } = await world.as("alice");
      await client.call("end_my_session", { session_id: ended.sessionId });
      world.server.newEvents();
      const answers = [bob.sessionId, ended.sessionId, "no-such-session"].map((session_id) =>
        client.call("end_my_session", { session_id }),
      );
      for (const answer of await Promise.all(answers)) {
        expect(answer).toEqual({
          value: undefined,
          problem: "you have no live session with this id",
          code: undefined,
        });
      }
      expect(await meStatus(world.server, bob.token)).toBe(200);
      expect(world.server.newEvents()).toEqual([]);
    });

    test("does not find an expired session", async () => {
      await using world = await freshWorld(major, { SESSION_IDLE: "2h", REFRESH_GRACE: "1s" });
      const old = await world.as("alice");
      world.server.advance(2 * 3_600_000);
      const { client } = await world.as("alice");
      const { problem } = await client.call("end_my_session", { session_id: old.sessionId });
      expect(problem).toBe("you have no live session with this id");
    });
  });

  describe("end_all_my_sessions", () => {
    test.each([
      [{}, 3, "owner", 401],
      [{ keep_current: false }, 3, "owner", 401],
      [{ keep_current: true }, 2, "owner_others", 200],
    ])("with %j ends %i of three", async (args, ended, reason, here) => {
      await using world = await mcpWorld(major);
      const others = [await world.as("alice"), await world.as("alice")];
      const bob = await world.as("bob");
      const { client, token } = await world.as("alice");
      expect((await client.call("end_all_my_sessions", args)).value).toEqual({ ended });
      expect(world.server.newEvents()).toMatchObject([
        { name: "sessions.ended", subject: "user:alice", actor: "user:alice", address: "127.0.0.1", reason },
      ]);
      for (const other of others) expect(await meStatus(world.server, other.token)).toBe(401);
      expect(await meStatus(world.server, token)).toBe(here);
      expect(await meStatus(world.server, bob.token)).toBe(200);
    });

    test("changes nothing without another session", async () => {
      await using world = await mcpWorld(major);
      const { client } = await world.as("alice");
      expect((await client.call("end_all_my_sessions", { keep_current: true })).value).toEqual({ ended: 0 });
      expect(world.server.newEvents()).toEqual([]);
    });
  });

  describe("find_user", () => {
    test.each(["alice", "ALICE", "Alice@Example.com"])("finds by %s", async (user) => {
      await using world = await mcpWorld(major);
      await world.as("alice");
      const { client } = await world.as("root");
      const { value } = await client.call("find_user", { user });
      expect(value).toEqual({
        id: "user:alice",
        username: "alice",
        email: "alice@example.com",
        display_name: null,
        active_status: true,
        roles: ["user", "premium"],
        created_at: expect.stringMatching(/Z$/),
        live_sessions: 1,
      });
      expect(JSON.stringify(value)).not.toContain("argon2");
    });
  });

  describe("disable_user and enable_user", () => {
    test("take effect at once, and the events name the actor", async () => {
      await using world = await mcpWorld(major);
      const alice = await world.as("alice");
      const root = await world.as("root");
      expect(await root.client.call("disable_user", { user: "alice" })).toMatchObject({
        value: { id: "user:alice", active_status: false, live_sessions: 0 },
      });
      expect(await meStatus(world.server, alice.token)).toBe(401);
      await expect(alice.client.call("who_am_i")).rejects.toThrow();
      await expect(signIn(world.server, "alice")).rejects.toThrow();
      expect(await root.client.call("enable_user", { user: "alice@example.com" })).toMatchObject({
        value: { id: "user:alice", active_status: true },
      });
      expect(await meStatus(world.server, alice.token)).toBe(401);
      expect(await meStatus(world.server, (await signIn(world.server, "alice")).access)).toBe(200);
      const by = { subject: "user:alice", actor: "user:root", address: "127.0.0.1" };
      expect(world.server.newEvents()).toMatchObject([
        { name: "user.disabled", ...by },
        { name: "login.failed", actor: null },
        { name: "user.enabled", ...by },
        { name: "login.succeeded", actor: null },
      ]);
    });

    test.each(["root", "ROOT", "root@example.com"])("do not let %s disable themselves", async (user) => {
      await using world = await mcpWorld(major);
      const { client, token } = await world.as("root");
      expect((await client.call("disable_user", { user })).problem).toBe("you cannot disable yourself");
      expect(await meStatus(world.server, token)).toBe(200);
      expect(world.server.newEvents()).toEqual([]);
    });
  });

  test.each([
    ["root", "end_user_sessions", { user: "alice" }],
    ["alice", "end_all_my_sessions", { keep_current: true }],
  ] as const)(
    "a clock that was far ahead does not save a session from %s's %s",
    async (username, tool, args) => {
      await using world = await freshWorld(major);
      const old = await world.as("alice");
      world.server.stepWallClock(8 * 86_400_000);
      await (await world.as(username)).client.call(tool, args);
      world.server.stepWallClock(-8 * 86_400_000);
      expect(await meStatus(world.server, old.token)).toBe(401);
    },
  );

  describe("end_user_sessions", () => {
    test("ends all sessions at once, and the user may sign in again", async () => {
      await using world = await mcpWorld(major);
      const sessions = [await world.as("alice"), await world.as("alice")];
      const { client } = await world.as("root");
      expect((await client.call("end_user_sessions", { user: "alice" })).value).toEqual({ ended: 2 });
      for (const { token } of sessions) expect(await meStatus(world.server, token)).toBe(401);
      expect(world.server.newEvents()).toMatchObject([
        {
          name: "sessions.ended",
          subject: "user:alice",
          actor: "user:root",
          address: "127.0.0.1",
          reason: "administrator",
        },
      ]);
      expect((await client.call("end_user_sessions", { user: "alice" })).value).toEqual({ ended: 0 });
      expect(world.server.newEvents()).toEqual([]);
      await signIn(world.server, "alice");
    });
  });

  describe("recent_audit_events", () => {
    test("reads the trail by page, by name and by user, newest first", async () => {
      await using world = await freshWorld(major);
      const { sessionId } = await world.as("alice");
      await world.as("bob");
      const { client } = await world.as("root");
      await client.call("disable_user", { user: "bob" });
      const events = async (args: object) => {
        const { value } = await client.call("recent_audit_events", { ...args });
        const list: unknown = value?.["events"];
        return { names: Array.isArray(list) ? list.map(({ name }) => name) : [], value };
      };
      const newest = await events({ limit: 3 });
      expect(newest.names).toEqual(["user.disabled", "login.succeeded", "login.succeeded"]);
      const older = await events({ limit: 2, before: newest.value?.["next"] });
      expect(older.names).toEqual(["login.succeeded", "user.added"]);
      expect((await events({})).names.length).toBeLessThanOrEqual(20);
      expect((await events({ user: "root" })).names).toEqual([
        "user.disabled",
        "login.succeeded",
        "user.added",
      ]);
      expect((await events({ user: "nobody" })).value).toEqual({ events: [] });
      const { value } = await events({ name: "login.succeeded", user: "Alice@example.com" });
      expect(value).toEqual({
        events: [
          {
            number: expect.any(Number),
            at: new Date(world.server.now()).toISOString(),
            name: "login.succeeded",
            subject: "user:alice",
            session_id: sessionId,
            address: "127.0.0.1",
            request_id: expect.any(String),
            replica: expect.any(String),
          },
        ],
      });
    });

    test("finds the events of a removed user", async () => {
      await using world = await freshWorld(major);
      await world.server.server.people.remove("bob");
      const { client } = await world.as("root");
      const { value } = await client.call("recent_audit_events", { user: "user:bob" });
      expect(value).toMatchObject({ events: [{ name: "user.removed" }, { name: "user.added" }] });
    });
  });

  describe("refusals", () => {
    test.each(["find_user", "disable_user", "enable_user", "end_user_sessions"])(
      "%s: an unknown user",
      async (tool) => {
        await using world = await mcpWorld(major);
        const { client } = await world.as("root");
        expect(await client.call(tool, { user: "nobody" })).toMatchObject({
          problem: "there is no user nobody",
        });
        expect(world.server.newEvents()).toEqual([]);
      },
    );

    test.each([
      ["find_user", { user: "root" }],
      ["disable_user", { user: "bob" }],
      ["enable_user", { user: "mallory" }],
      ["end_user_sessions", { user: "bob" }],
      ["recent_audit_events", {}],
    ] as const)("%s, called by a user: denied, with a line in the log", async (tool, args) => {
      await using world = await mcpWorld(major);
      const bob = await world.as("bob");
      const { client } = await world.as("alice");
      expect(await client.call(tool, args)).toEqual({
        value: undefined,
        problem: new TokenError("forbidden").message,
        code: "forbidden",
      });
      expect(await meStatus(world.server, bob.token)).toBe(200);
      expect(world.server.newEvents()).toEqual([]);
      const denials = world.server.logged().filter(({ event }) => event === "tool.denied");
      expect(denials).toEqual([
        expect.objectContaining({
          level: 30,
          tool,
          actor: "user:alice",
          code: "forbidden",
          reason: expect.stringMatching(/^needs role admin( or |$)/),
          address: "127.0.0.1",
        }),
      ]);
    });

    test("an unknown tool: denied in the same way to users and administrators", async () => {
      await using world = await mcpWorld(major);
      for (const name of ["alice", "root"] as const) {
        const { client } = await world.as(name);
        expect((await client.call("drop_tables")).code).toBe("forbidden");
      }
    });

    test.each([
      ["end_my_session", {}],
      ["end_my_session", { session_id: 5 }],
      ["end_my_session", { session_id: "" }],
      ["end_my_session", { session_id: "x".repeat(65) }],
      ["end_all_my_sessions", { keep_current: "yes" }],
      ["end_all_my_sessions", { keep_curent: true }],
      ["who_am_i", { user: "alice" }],
      ["find_user", {}],
      ["find_user", { user: "x".repeat(257) }],
      ["disable_user", { user: ["bob"] }],
      ["recent_audit_events", { limit: 0 }],
      ["recent_audit_events", { limit: 101 }],
      ["recent_audit_events", { limit: 1.5 }],
      ["recent_audit_events", { name: "login.imagined" }],
      ["recent_audit_events", { before: "5" }],
    ])("%s with %j", async (tool, args) => {
      await using world = await mcpWorld(major);
      const { client, token } = await world.as("root");
      const { problem, code } = await client.call(tool, args);
      expect(problem).toMatch(/^Input validation error: Invalid arguments for tool/);
      expect(code).toBeUndefined();
      expect(await meStatus(world.server, token)).toBe(200);
      expect(world.server.newEvents()).toEqual([]);
    });

    test.each([
      ["no token", undefined, "missing_token"],
      ["a malformed token", "a-canary-that-is-no-token", "invalid_token"],
    ])("%s: in the answer to the call", async (_name, token, code) => {
      await using world = await mcpWorld(major);
      await using client = await connectMcp(major, world.server.url);
      const answer = await client.call("who_am_i", token === undefined ? {} : { token });
      expect(answer).toMatchObject({ value: undefined, code });
      const denials = world.server.logged().filter(({ event }) => event === "tool.denied");
      expect(denials).toEqual([expect.objectContaining({ level: 20, tool: "who_am_i", code })]);
      expect(JSON.stringify(world.server.logged())).not.toContain("canary");
    });

    test("two different tokens", async () => {
      await using world = await mcpWorld(major);
      const bob = await world.as("bob");
      const alice = await world.as("alice");
      await using client = await connectMcp(major, world.server.url, alice.token, "/mcp/token-field");
      expect((await client.call("who_am_i", { token: bob.token })).code).toBe("token_mismatch");
      expect((await client.call("who_am_i")).value).toMatchObject({ id: "user:alice" });
    });

    test("an argument `token` beside the header, where no tool has one", async () => {
      await using world = await mcpWorld(major);
      const bob = await world.as("bob");
      const { client } = await world.as("alice");
      const { problem } = await client.call("who_am_i", { token: bob.token });
      expect(problem).toContain("Input validation error");
      expect(problem).not.toContain(bob.token);
    });
  });
});

function fiveMinutesUp(at: number): string {
  return new Date(Math.ceil(at / 300_000) * 300_000).toISOString();
}
