import { allow, createGuard } from "@latchkey/guard";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { openKeys } from "../../src/composition/keys.ts";
import { readConfig } from "../../src/config/config.ts";
import type { User } from "../../src/core/people/users.ts";
import { bearer, claimsOf, mounts, send, signIn } from "./api-case.ts";
import { storeBeside } from "./oauth-world.ts";

// A client's server holds the tokens that people send to it. None of them may act for a person elsewhere.

const alice: User = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  displayName: null,
  roles: ["user", "admin"],
  active: true,
};

/** Issues a token of a client's session, with the keys of the server. */
async function tokenFor(server: TestServer, resource: string, sessionId: string): Promise<string> {
  await using store = await storeBeside(server);
  const config = readConfig({ LATCHKEY_DATABASE: server.database });
  const log = pino({ level: "silent" });
  const parts = { config, issuer: server.url, store, clock: server.now, steady: () => 0, log };
  const { tokens } = await openKeys(parts);
  const client = { id: "a-client", name: "A client", scope: "notes:read", resource };
  const expiresAt = tokens.expiry(server.now() + 3_600_000);
  return tokens.issue(alice, { id: sessionId, client }, expiresAt).accessToken;
}

/** The statuses of calls with a token: of the API, of `/mcp` and of `/mcp/token-field`. */
async function statuses(server: TestServer, token: string) {
  const headers = {
    ...bearer(token),
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const statusOf = async (path: string, init: RequestInit) =>
    (await fetch(`${server.url}${path}`, { headers, ...init })).status;
  return {
    me: await statusOf("/auth/me", {}),
    mcp: await statusOf("/mcp", { method: "POST", body }),
    tokenField: await statusOf("/mcp/token-field", { method: "POST", body }),
  };
}

describe.each([
  ["its own", {}],
  ["another server's", { AUDIENCE: "https://notes.example/mcp" }],
])("a server with %s audience", (_name, settings: Readonly<Record<string, string>>) => {
  test("accepts the token of a person's own login everywhere", async () => {
    await using server = await testServer(settings);
    const { access } = await signIn(server);
    expect(await statuses(server, access)).toEqual({ me: 200, mcp: 200, tokenField: 200 });
  });

  test.each(["127.0.0.1", "localhost", "[::1]"])(
    "accepts a client's token for /mcp at %s at /mcp alone",
    async (name) => {
      await using server = await testServer(settings);
      const { access } = await signIn(server);
      const resource = `${server.url}/mcp`.replace("127.0.0.1", name);
      const token = await tokenFor(server, resource, String(claimsOf(access)["sid"]));
      expect(await statuses(server, token)).toEqual({ me: 401, mcp: 200, tokenField: 401 });
    },
  );

  test.each([
    ["another server", () => "https://notes.example/mcp"],
    ["the server's own name", ({ url }: TestServer) => url],
    ["the endpoint with a field for the token", ({ url }: TestServer) => `${url}/mcp/token-field`],
    ["a path below /mcp", ({ url }: TestServer) => `${url}/mcp/`],
  ])("accepts a client's token for %s nowhere", async (_resource, resource) => {
    await using server = await testServer(settings);
    const { access } = await signIn(server);
    const token = await tokenFor(server, resource(server), String(claimsOf(access)["sid"]));
    expect(await statuses(server, token)).toEqual({ me: 401, mcp: 401, tokenField: 401 });
  });
});

describe.each(mounts)("under %s, a client's token for /mcp", (mount) => {
  const change = {
    current_password: passwords.alice,
    new_password: "umbrella quartz meadow",
    email: "a@example.com",
  };
  test.each([
    ["GET", "/me", undefined],
    ["POST", "/logout", undefined],
    ["POST", "/refresh", "token"],
    ["POST", "/password", change],
    ["GET", "/sessions", undefined],
    ["DELETE", "/sessions/any", undefined],
    ["DELETE", "/sessions", undefined],
    ["POST", "/email", change],
    ["POST", "/email/verify", undefined],
  ] as const)("is refused: %s %s", async (method, path, sent) => {
    await using server = await testServer();
    const { access } = await signIn(server, "alice", passwords.alice);
    const token = await tokenFor(server, `${server.url}/mcp`, String(claimsOf(access)["sid"]));
    server.newEvents();
    const { status, body, text } = await send(server, mount, {
      method,
      path,
      ...(sent === "token" ? { body: { current_token: token } } : { body: sent, headers: bearer(token) }),
    });
    expect([status, body["code"]]).toEqual([401, "invalid_token"]);
    for (const part of token.split(".")) expect(text).not.toContain(part);
    expect(server.newEvents()).toEqual([]);
    const own = await send(server, mount, { method: "GET", path: "/me", headers: bearer(access) });
    expect(own.status).toBe(200);
  });
});

describe("a guard of another API", () => {
  const resource = "https://notes.example/mcp";

  test.each([
    ["a scope that the person has allowed", allow.scopes("notes:read"), 200, null],
    ["a role and such a scope", allow.all(allow.roles("admin"), allow.scopes("notes:read")), 200, null],
    [
      "another scope: all of the call are named",
      allow.all(allow.scopes("notes:read"), allow.scopes("notes:write")),
      403,
      'scope="notes:read notes:write"',
    ],
    ["a role that the person lacks", allow.all(allow.roles("owner"), allow.scopes("notes:write")), 403, null],
  ])("finds the scopes of a client's token. The rule needs %s", async (_needs, rule, status, named) => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const token = await tokenFor(server, resource, String(claimsOf(access)["sid"]));
    await using guard = createGuard({ issuer: server.url, audience: resource, now: server.now });
    const handler = guard.fetch(
      (_request, { principal: { userId, scopes } }) => Response.json({ userId, scopes }),
      rule,
    );
    const answer = await handler(new Request(resource, { headers: bearer(token) }));
    expect(answer.status).toBe(status);
    if (status === 200) {
      expect(await answer.json()).toEqual({ userId: "user:alice", scopes: ["notes:read"] });
    }
    const challenge = answer.headers.get("www-authenticate");
    if (named === null) expect(challenge).toBeNull();
    else expect(challenge).toContain(named);
  });

  test("refuses a client's token for /mcp", async () => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const token = await tokenFor(server, `${server.url}/mcp`, String(claimsOf(access)["sid"]));
    await using guard = createGuard({ issuer: server.url, now: server.now, onEvent: () => {} });
    await expect(guard.verify(token)).rejects.toMatchObject({ code: "invalid_token", reason: "claim aud" });
  });
});
