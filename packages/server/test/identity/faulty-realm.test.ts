import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, send } from "../api/api-case.ts";
import { type Answer, FakeRealm, json, moved, paths } from "./fake-realm.ts";

const login = (server: TestServer) =>
  send(server, "/auth", {
    method: "POST",
    path: "/login",
    body: { username: "alice", password: "hunter2 of hers" },
  });
const outcome = async (server: TestServer) => {
  const { status, body, headers } = await login(server);
  return [status, body["code"], headers.get("retry-after")];
};
const unavailable = [503, "provider_unavailable", "1"];

const tokens = (change: object): Answer =>
  json({ access_token: "a.b.c", refresh_token: "r", token_type: "Bearer", ...change });

/** Faulty answers of a token endpoint. */
const faulty: Readonly<Record<string, Answer>> = {
  "500": json({ error: "unknown_error" }, 500),
  "502 in HTML": (_request, response) => void response.writeHead(502).end("<html>Bad Gateway</html>"),
  "503 while it starts": (_request, response) => void response.writeHead(503).end("Bootstrap in progress"),
  "429": json({ error: "slow_down" }, 429),
  "a page in HTML": (_request, response) =>
    void response.writeHead(200, { "content-type": "text/html" }).end("<title>Sign in</title>"),
  "an empty body": (_request, response) =>
    void response.writeHead(200, { "content-type": "application/json" }).end(),
  "half of a body": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write("{", () => response.destroy());
  },
  "a closed connection": (request) => void request.socket.destroy(),
  "a list": json([]),
  null: json(null),
  "no token": json({}),
  "no refresh token": tokens({ refresh_token: undefined }),
  "an empty token": tokens({ access_token: "" }),
  "a token of another type": tokens({ token_type: "DPoP" }),
  "a malformed token": tokens({}),
  "a number for a token": tokens({ access_token: 5 }),
  "400 with an empty body": (_request, response) => void response.writeHead(400).end(),
  "a redirect to a good answer": (_request, response) =>
    void response.writeHead(307, { location: `${moved}${paths.token}` }).end(),
  "an endless body": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const more = () => {
      if (!response.destroyed) response.write(" ".repeat(65_536), more);
    };
    more();
  },
  "a slow body": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const drop = setInterval(() => response.write(" "), 50);
    response.once("close", () => clearInterval(drop));
  },
  "no answer": () => {},
};

describe("a realm that answers a login with", () => {
  let realm: FakeRealm;
  let server: TestServer;
  beforeAll(async () => {
    realm = await FakeRealm.start();
    server = await testServer(realm.settings);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await realm[Symbol.asyncDispose]();
  });

  test.each(Object.entries(faulty))("%s: 503, and the log has no credential of it", async (_name, answer) => {
    // A login within two seconds of another one would send two requests.
    server.advance(2_000);
    realm.atSignIn(answer);
    expect(await outcome(server)).toEqual(unavailable);
    expect(JSON.stringify(server.logged())).not.toMatch(/hunter2|a\.b\.c/);
    realm.answers.clear();
    expect((await login(server)).status).toBe(200);
  });
});

describe("a server starts and is ready once the realm is, after discovery with", () => {
  test.each([
    "500",
    "502 in HTML",
    "503 while it starts",
    "a list",
    "null",
    "a closed connection",
    "no answer",
    "an endless body",
  ])("%s", async (name) => {
    await using realm = await FakeRealm.start();
    realm.answers.set(paths.discovery, faulty[name] ?? (() => {}));
    await using server = await testServer(realm.settings);
    const ready = async () => (await fetch(`${server.url}/health/ready`)).status;
    expect(await ready()).toBe(503);
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    expect((await outcome(server)).slice(0, 2)).toEqual([503, "provider_unavailable"]);
    realm.answers.clear();
    const readyNow = async () => {
      server.advance(250);
      return (await ready()) === 200;
    };
    await until("the server is ready", readyNow, 20_000);
    expect((await login(server)).status).toBe(200);
  });
});

describe("a realm that fails", () => {
  test("gets no requests for a while, then a probe", async () => {
    await using realm = await FakeRealm.start();
    await using server = await testServer(realm.settings);
    realm.atSignIn(json({}, 500));
    for (let failure = 0; failure < 5; failure++) expect(await outcome(server)).toEqual(unavailable);
    const before = realm.asked.length;
    for (let more = 0; more < 10; more++) expect(await outcome(server)).toEqual(unavailable);
    expect(realm.asked.length).toBe(before);
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(503);
    realm.answers.clear();
    await until("users can sign in again", async () => (await login(server)).status === 200, 20_000);
  });

  test("leaves tokens valid and logouts possible", async () => {
    await using realm = await FakeRealm.start();
    await using server = await testServer(realm.settings);
    const { body } = await login(server);
    const token = bearer(String(body["access_token"]));
    for (const path of Object.values(paths)) realm.answers.set(path, () => {});
    expect((await send(server, "/auth", { method: "GET", path: "/me", headers: token })).status).toBe(200);
    expect((await send(server, "/auth", { method: "POST", path: "/logout", headers: token })).status).toBe(
      200,
    );
    const after = await send(server, "/auth", { method: "GET", path: "/me", headers: token });
    expect(after.body["code"]).toBe("token_revoked");
  });

  test("gets 64 logins at once, and each further login gets 503", async () => {
    await using realm = await FakeRealm.start();
    await using server = await testServer({ ...realm.settings, KEYCLOAK_TIMEOUT: "20s" });
    const waiting: (() => void)[] = [];
    realm.atSignIn((request, response, body) => {
      waiting.push(() =>
        json({ error: "invalid_grant", error_description: "Invalid user credentials" }, 400)(
          request,
          response,
          body,
        ),
      );
    });
    const all = Array.from({ length: 70 }, (_, guess) =>
      send(server, "/auth", {
        method: "POST",
        path: "/login",
        body: { username: `user ${guess}`, password: "x" },
      }),
    );
    let settled = 0;
    for (const answer of all) void answer.then(() => settled++);
    const early = await Promise.race(all);
    expect([early.status, early.body["code"], early.headers.get("retry-after")]).toEqual([
      503,
      "overloaded",
      "1",
    ]);
    await until("the bulkhead is full", () => waiting.length === 64, 20_000);
    await until("all other logins are refused", () => settled === 6, 20_000);
    for (const go of waiting) go();
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(64);
  });
});

test("a token too large for a request is refused at login and refresh", async () => {
  await using realm = await FakeRealm.start();
  const roles = Array.from({ length: 300 }, (_, number) => `${number}`.padStart(30, "r"));
  const large = await realm.token(undefined, "Bearer", roles);
  const refresh = await realm.token(undefined, "Refresh");
  await using server = await testServer(realm.settings);
  realm.atSignIn(tokens({ access_token: large, refresh_token: refresh }));
  expect(await outcome(server)).toEqual([403, "token_too_large", null]);
  expect(server.newEvents()).toMatchObject([{ name: "login.failed", reason: "token_too_large" }]);
  realm.answers.set(paths.token, tokens({ access_token: large, refresh_token: refresh }));
  const body = { refresh_token: refresh };
  const refreshed = await send(server, "/auth", { method: "POST", path: "/refresh", body });
  expect([refreshed.status, refreshed.body["code"]]).toEqual([403, "token_too_large"]);
});

test("the realm gets a placeholder for credentials that no account can have", async () => {
  await using realm = await FakeRealm.start();
  await using server = await testServer(realm.settings);
  const seen: string[] = [];
  realm.atSignIn((request, response, body) => {
    seen.push(`${body.get("username")} ${body.get("password")}`);
    json({ error: "invalid_grant", error_description: "Invalid user credentials" }, 400)(
      request,
      response,
      body,
    );
  });
  const names = ["  ", "alice\u0000", "al\nice", "x".repeat(300)];
  for (const username of names) {
    const body = { username, password: "x" };
    expect((await send(server, "/auth", { method: "POST", path: "/login", body })).status).toBe(401);
  }
  const long = { username: "alice", password: "x".repeat(2_000) };
  expect((await send(server, "/auth", { method: "POST", path: "/login", body: long })).status).toBe(401);
  expect(seen).toEqual(Array(names.length + 1).fill("nobody at all -"));
});

test("a session that ended during an outage is ended at the realm after it", async () => {
  await using realm = await FakeRealm.start();
  await using server = await testServer(realm.settings);
  realm.atSignIn(async (request, response, body) => {
    const access_token = await realm.token();
    const refresh_token = await realm.token(undefined, "Refresh");
    const id_token = await realm.idToken();
    json({ access_token, refresh_token, id_token, token_type: "Bearer" })(request, response, body);
  });
  const { body } = await login(server);
  realm.answers.set(paths.logout, json({}, 503));
  const logout = { method: "POST", path: "/logout", headers: bearer(String(body["access_token"])) } as const;
  expect((await send(server, "/auth", logout)).status).toBe(200);
  const shown: string[] = [];
  realm.answers.set(paths.logout, (request, response, sent) => {
    shown.push(sent.get("id_token_hint") ?? "");
    json({})(request, response, sent);
  });
  await until("the session is ended at the realm", () => shown.length > 0, 10_000);
  expect(shown[0]).toMatch(/^eyJ/);
  expect(realm.asked.filter((path) => path.includes("hint"))).toEqual([]);
});

test("the discovery document names the realm and the address of its keys", async () => {
  await using realm = await FakeRealm.start();
  await using server = await testServer(realm.settings);
  const ask = async (path: string) => (await fetch(`${server.url}/.well-known/${path}`)).json();
  expect(await ask("openid-configuration")).toMatchObject({
    issuer: `${realm.url}/realms/fake`,
    jwks_uri: `${realm.url}${paths.keys}`,
    // With both, a guard in front of MCP tools names the realm as an authorization server (RFC 9728 §2).
    authorization_endpoint: `${realm.url}/realms/fake/protocol/openid-connect/auth`,
    token_endpoint: `${realm.url}${paths.token}`,
  });
  expect(await ask("jwks.json")).toEqual({ keys: [] });
});

test("the server's own tools are off", async () => {
  await using realm = await FakeRealm.start();
  await using server = await testServer(realm.settings);
  expect((await fetch(`${server.url}/mcp`, { method: "POST" })).status).toBe(404);
});
