import { DatabaseSync } from "node:sqlite";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { type ApiRequest, bearer, check, type Expected, mounts, send, signIn } from "./api-case.ts";
import { heldHasher } from "./held-hasher.ts";

/** Refusals that need a fault in the server. Refusals of a bad request are tested with each operation. */

const right = { username: "alice", password: passwords.alice };
const login = (body: unknown): ApiRequest => ({ method: "POST", path: "/login", body });
const refresh = (body: unknown): ApiRequest => ({ method: "POST", path: "/refresh", body });
const me = (access: string): ApiRequest => ({ method: "GET", path: "/me", headers: bearer(access) });
const logout = (access: string): ApiRequest => ({
  method: "POST",
  path: "/logout",
  headers: bearer(access),
});

const nothingInside = ["access_token", "refresh_token", "user", "stack", "reason", "cause"];

function refused(status: number, code: string, message: string, more: Partial<Expected> = {}): Expected {
  return {
    status,
    code,
    exactly: { code, detail: message, message },
    absent: nothingInside,
    absentHeaders: ["www-authenticate", "set-cookie"],
    ...more,
  };
}

const unavailable = refused(503, "store_unavailable", "The database cannot be reached: try again shortly", {
  headers: { "retry-after": "1" },
});
const limited = (policy: string, quota: number, event: string): Expected =>
  refused(429, "rate_limited", "Too many attempts: try again later", {
    headers: {
      "retry-after": "900",
      "ratelimit-policy": `"${policy}";q=${quota};w=900`,
      ratelimit: `"${policy}";r=0;t=900`,
    },
    events: [event],
  });

/** Renames a table, so that every statement that needs it fails. */
function withoutTable(server: TestServer, table: string): void {
  const database = new DatabaseSync(server.database, { timeout: 5_000 });
  database.exec(`alter table ${table} rename to ${table}_moved`);
  database.close();
}

describe.each(mounts)("%s", (mount) => {
  test("429: too many failed logins", async () => {
    await using server = await testServer({ THROTTLE_PAIR: "2/15m" });
    const wrong = login({ ...right, password: "wrong" });
    for (const _ of [1, 2]) await send(server, mount, wrong);
    await check(server, mount, login(right), limited("login-pair", 2, "login.throttled"));
  });

  test("429: too many failed refreshes", async () => {
    await using server = await testServer({ THROTTLE_ADDRESS: "1/15m" });
    const wrong = refresh({ refresh_token: "wrong" });
    for (let count = 0; count < 10; count++) await send(server, mount, wrong);
    await check(server, mount, wrong, limited("refresh-address", 10, "refresh.throttled"));
  });

  test("503: the hash queue is full", async () => {
    const held = heldHasher();
    await using server = await testServer({ HASH_CONCURRENCY: "1", HASH_QUEUE: "0" }, held.hasher);
    held.hold();
    const before = server.hashes();
    const first = send(server, mount, login(right));
    await until("a login is hashed", () => server.hashes() > before, 5_000);
    await check(
      server,
      mount,
      login(right),
      refused(503, "overloaded", "The server is busy: try again shortly", {
        headers: { "retry-after": "1" },
      }),
    );
    held.letGo();
    expect((await first).status).toBe(200);
  });

  test("503: the database cannot be read", async () => {
    await using server = await testServer();
    const tokens = await signIn(server);
    withoutTable(server, "users");
    withoutTable(server, "sessions");
    for (const request of [
      login(right),
      refresh({ refresh_token: tokens.refresh }),
      refresh({ current_token: tokens.access }),
      me(tokens.access),
      logout(tokens.access),
    ]) {
      await check(server, mount, request, unavailable);
    }
  });

  test("503: the database cannot be written", async () => {
    await using server = await testServer();
    const tokens = await signIn(server);
    const database = new DatabaseSync(server.database, { timeout: 5_000 });
    database.exec("create trigger full before insert on audit_events begin select raise(abort, 'full'); end");
    for (const request of [
      login(right),
      login({ ...right, password: "wrong" }),
      refresh({ refresh_token: tokens.refresh }),
      refresh({ current_token: tokens.access }),
      logout(tokens.access),
    ]) {
      await check(server, mount, request, unavailable);
    }
    database.exec("drop trigger full");
    database.close();
    // The database has no trace of the refused changes.
    await check(server, mount, refresh({ refresh_token: tokens.refresh }), {
      status: 200,
      events: ["token.refreshed"],
    });
    await check(server, mount, me(tokens.access), { status: 200 });
  });

  test("500: an unexpected error", async () => {
    await using server = await testServer();
    const tokens = await signIn(server);
    server.advance(1_000);
    const database = new DatabaseSync(server.database, { timeout: 5_000 });
    database.exec("update users set roles = 'no list'");
    database.close();
    for (const request of [login(right), refresh({ refresh_token: tokens.refresh }), me(tokens.access)]) {
      const answer = await check(
        server,
        mount,
        request,
        refused(500, "internal_error", "Internal server error"),
      );
      const requestId = answer.headers.get("x-request-id");
      expect(server.logged().find((line) => line["requestId"] === requestId)).toMatchObject({ level: 50 });
    }
  });
});
