import { DatabaseSync } from "node:sqlite";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { maxRoles } from "../core/large-people.ts";
import { bearer, send, signIn } from "./api-case.ts";

/** Gives alice more roles than today's limit, as an earlier version allowed. */
function storeRoles(server: TestServer, roles: readonly string[]): void {
  const database = new DatabaseSync(server.database, { timeout: 5000 });
  database.prepare("update users set roles = ? where id = 'user:alice'").run(JSON.stringify(roles));
  database.close();
}

const login = (server: TestServer) => {
  const body = { username: "alice", password: passwords.alice };
  return send(server, "/auth", { method: "POST", path: "/login", body });
};

describe("a stored user", () => {
  test("with a token beyond any header gets token_too_large at login", async () => {
    await using server = await testServer();
    storeRoles(server, maxRoles("\u{20000}"));
    const refused = await login(server);
    expect([refused.status, refused.body["code"]]).toEqual([403, "token_too_large"]);
    expect(refused.body["message"]).toMatch(/ask an administrator for fewer or shorter roles/);
    expect(server.newEvents()).toMatchObject([
      { name: "login.failed", subject: "user:alice", reason: "token_too_large" },
    ]);
    const wrong = { username: "alice", password: "wrong" };
    const answer = await send(server, "/auth", { method: "POST", path: "/login", body: wrong });
    expect(answer.body["code"]).toBe("invalid_credentials");
  });

  test("with a token beyond today's limit, but within a header, signs in", async () => {
    await using server = await testServer();
    storeRoles(server, maxRoles("\u00e9"));
    const tokens = await signIn(server);
    expect(tokens.access.length).toBeGreaterThan(8192);
    const headers = bearer(tokens.access);
    expect((await send(server, "/auth", { method: "GET", path: "/me", headers })).status).toBe(200);
    expect((await send(server, "/auth", { method: "POST", path: "/logout", headers })).status).toBe(200);
  });

  test("with roles added after login gets token_too_large at both refreshes", async () => {
    await using server = await testServer();
    const tokens = await signIn(server);
    storeRoles(server, maxRoles("\u{20000}"));
    for (const body of [{ refresh_token: tokens.refresh }, { current_token: tokens.access }]) {
      const refused = await send(server, "/auth", { method: "POST", path: "/refresh", body });
      expect([refused.status, refused.body["code"]]).toEqual([403, "token_too_large"]);
    }
    storeRoles(server, ["user"]);
    const body = { refresh_token: tokens.refresh };
    expect((await send(server, "/auth", { method: "POST", path: "/refresh", body })).status).toBe(200);
  });
});
