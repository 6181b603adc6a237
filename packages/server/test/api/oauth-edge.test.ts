import { DatabaseSync } from "node:sqlite";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { redirectUri } from "@latchkey/testkit/oauth/client-calls";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { errorCodes, LatchkeyError } from "../../src/core/errors.ts";
import { brokenRequestAnswers } from "../../src/http/broken-requests.ts";
import { descriptionOf, oauthErrorOf } from "../../src/http/oauth/oauth-errors.ts";
import { type ApiRequest, check, type Expected, send } from "./api-case.ts";
import { allow, clientTokens, form, redemption, register } from "./oauth-world.ts";
import { localWorld, sharedServer } from "./provider-world.ts";
import { ask, raw } from "./raw-request.ts";

// Refusals that the routes of the authorization server share. Those of one route are tested with it.

/** A refusal in the form of OAuth. */
const refused = (status: number, error: string, code: string, more: Partial<Expected> = {}): Expected => ({
  status,
  code,
  body: {
    error,
    error_description: expect.any(String),
    message: expect.any(String),
    detail: expect.any(String),
  },
  absent: ["access_token", "refresh_token", "client_id", "active", "stack", "reason", "cause"],
  absentHeaders: ["www-authenticate", "set-cookie", "location"],
  ...more,
});
const refreshing = form("/oauth/token", { grant_type: "refresh_token", refresh_token: "x", client_id: "y" });

describe("an error outside of a route has the form of OAuth", () => {
  test.each<[string, ApiRequest, Expected]>([
    [
      "an unknown path",
      { method: "GET", path: "/oauth/nothing" },
      refused(404, "invalid_request", "not_found"),
    ],
    ["the folder", { method: "GET", path: "/oauth" }, refused(404, "invalid_request", "not_found")],
    [
      "a path that cannot be decoded",
      { method: "GET", path: "/oauth/%zz" },
      refused(404, "invalid_request", "not_found"),
    ],
    [
      "a path with encoded letters",
      { ...refreshing, path: "/%6fauth/token", body: "" },
      refused(400, "invalid_request", "invalid_request"),
    ],
    [
      "an unknown path with encoded letters",
      { method: "GET", path: "/oaut%68/nothing?x" },
      refused(404, "invalid_request", "not_found"),
    ],
    [
      "GET instead of POST",
      { method: "GET", path: "/oauth/token" },
      refused(405, "invalid_request", "method_not_allowed", { headers: { allow: "POST" } }),
    ],
    [
      "DELETE",
      { method: "DELETE", path: "/oauth/register" },
      refused(405, "invalid_request", "method_not_allowed", { headers: { allow: "POST" } }),
    ],
    [
      "a body over 16 KiB",
      { ...refreshing, body: `x=${"y".repeat(17_000)}` },
      refused(413, "invalid_request", "body_too_large"),
    ],
    [
      "a long URL",
      { ...refreshing, path: `/oauth/token?${"x".repeat(2_048)}` },
      refused(414, "invalid_request", "uri_too_long"),
    ],
  ])("%s", async (_name, request, expected) => {
    await using server = await testServer();
    await check(server, "", request, expected);
  });

  test("a path under the issuer's path", async () => {
    await using server = await testServer({ ISSUER: "https://x.example/auth-service" });
    for (const path of ["/auth-service/oauth/nothing", "/auth-service//oauth/nothing"]) {
      await check(server, "", { method: "GET", path }, refused(404, "invalid_request", "not_found"));
    }
  });

  test("a foreign Host", async () => {
    await using server = await testServer();
    const answer = await raw(
      server.url,
      "POST /oauth/token HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 421 /);
    expect(bodyOf(answer)).toMatchObject({ error: "invalid_request", code: "misdirected_request" });
  });

  test.each([
    ["no HTTP", "hello\r\n\r\n", 400, "bad_request"],
    [
      "headers over 16 KiB",
      `POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(17_000)}\r\n\r\n`,
      431,
      "headers_too_large",
    ],
    [
      "two lengths",
      "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      400,
      "bad_request",
    ],
    ["an unknown method", "FOO /oauth/token HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "method_not_allowed"],
  ])("a request that cannot be parsed: %s", async (_name, sent, status, code) => {
    await using server = await testServer();
    const answer = await raw(server.url, sent);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(bodyOf(answer)).toMatchObject({
      error: "invalid_request",
      error_description: expect.any(String),
      code,
    });
  });

  test("a body whose type is no media type", async () => {
    await using server = await testServer();
    const headers = "Content-Type: x\r\n";
    expect(await ask(server.url, "POST", "/oauth/token", { headers })).toMatchObject({
      status: 400,
      code: "invalid_request",
    });
  });

  test("but /auth keeps its own form", async () => {
    await using server = await testServer();
    const { body } = await send(server, "", { method: "GET", path: "/auth/nothing" });
    expect(Object.keys(body).sort()).toEqual(["code", "detail", "message"]);
  });
});

describe("a failure of the server", () => {
  /** Every request of a client that needs the database. */
  async function requests(server: TestServer): Promise<ApiRequest[]> {
    const { id } = await register(server);
    const { refresh } = await clientTokens(server, id);
    const allowed = await allow(server, id);
    return [
      form("/oauth/token", redemption(allowed, id)),
      form("/oauth/token", { grant_type: "refresh_token", refresh_token: refresh, client_id: id }),
      form("/oauth/revoke", { token: refresh, client_id: id }),
    ];
  }
  const unavailable = refused(503, "temporarily_unavailable", "store_unavailable", {
    headers: { "retry-after": "1", "access-control-allow-origin": "*" },
  });

  test("503: the database cannot be read, and nothing is used up", async () => {
    await using server = await testServer();
    const all = await requests(server);
    const database = new DatabaseSync(server.database, { timeout: 5_000 });
    for (const table of ["sessions", "authorizations"])
      database.exec(`alter table ${table} rename to ${table}_moved`);
    for (const request of all) await check(server, "", request, unavailable);
    for (const table of ["sessions", "authorizations"])
      database.exec(`alter table ${table}_moved rename to ${table}`);
    database.close();
    const events = [["authorization.redeemed"], ["token.refreshed"], ["session.ended"]];
    for (const [index, request] of all.entries()) {
      await check(server, "", request, { status: 200, events: events[index] ?? [] });
    }
  });

  test("503: the database cannot be written, and nothing is used up", async () => {
    await using server = await testServer();
    const all = await requests(server);
    const database = new DatabaseSync(server.database, { timeout: 5_000 });
    database.exec("create trigger full before insert on audit_events begin select raise(abort, 'full'); end");
    for (const request of all) await check(server, "", request, unavailable);
    database.exec("drop trigger full");
    database.close();
    const events = [["authorization.redeemed"], ["token.refreshed"], ["session.ended"]];
    for (const [index, request] of all.entries()) {
      await check(server, "", request, { status: 200, events: events[index] ?? [] });
    }
  });

  test("503: too many wrong codes from one address, because a client forgets its tokens after a 4xx", async () => {
    await using server = await testServer({ THROTTLE_ADDRESS: "1/15m" });
    const { id } = await register(server);
    const wrong = form("/oauth/token", {
      grant_type: "authorization_code",
      client_id: id,
      code: "x",
      code_verifier: "v".repeat(43),
    });
    for (let count = 0; count < 10; count++)
      await check(server, "", wrong, refused(400, "invalid_grant", "invalid_grant"));
    const limited = refused(503, "temporarily_unavailable", "rate_limited", {
      headers: { "retry-after": "900" },
      events: ["refresh.throttled"],
    });
    await check(server, "", wrong, limited);
  });

  test("500: an unexpected error, logged and hidden", async () => {
    await using server = await testServer();
    const { id } = await register(server);
    const { refresh } = await clientTokens(server, id);
    const database = new DatabaseSync(server.database, { timeout: 5_000 });
    database.exec("update users set roles = 'no list'");
    database.close();
    const request = form("/oauth/token", {
      grant_type: "refresh_token",
      refresh_token: refresh,
      client_id: id,
    });
    const answer = await check(server, "", request, refused(500, "server_error", "internal_error"));
    const requestId = answer.headers.get("x-request-id");
    expect(server.logged().find((line) => line["requestId"] === requestId)).toMatchObject({ level: 50 });
  });
});

test("no line of the log and no event holds a code, a token, a secret or a verifier", async () => {
  await using server = await testServer();
  const { id, secret = "" } = await register(server, { token_endpoint_auth_method: "client_secret_post" });
  const allowed = await allow(server, id);
  const redeem = form("/oauth/token", { ...redemption(allowed, id), client_secret: secret });
  const { body } = await send(server, "", redeem);
  await send(server, "", redeem);
  await send(server, "", form("/oauth/token", { ...redemption(allowed, id), client_secret: `${secret}x` }));
  const refresh = String(body["refresh_token"]);
  const access = String(body["access_token"]);
  for (const token of [refresh, access]) {
    await send(server, "", form("/oauth/introspect", { token }));
    await send(server, "", form("/oauth/revoke", { token, client_id: id, client_secret: secret }));
  }
  const log = JSON.stringify(server.logged());
  expect(log).toContain("authorization.redeemed");
  for (const kept of [allowed.code, allowed.verifier, secret, refresh, access])
    expect(log).not.toContain(kept);
});

describe("pages of every origin", () => {
  const origin = "https://inspector.example";
  const machines = ["/oauth/token", "/oauth/register", "/oauth/revoke", "/oauth/introspect"];
  const documents = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

  describe.each<Readonly<Record<string, string>>>([
    {},
    { CORS_ORIGINS: "https://app.example" },
    { CORS_ORIGINS: "*" },
  ])("with %j", (settings) => {
    const server = sharedServer(localWorld, settings);
    test.each([...machines.map((path) => ["POST", path]), ...documents.map((path) => ["GET", path])])(
      "may send %s %s, without credentials",
      async (method = "", path = "") => {
        const preflight = await fetch(`${server().url}${path}`, {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": method,
            "access-control-request-headers": "mcp-protocol-version",
          },
        });
        expect([preflight.status, await preflight.text()]).toEqual([204, ""]);
        expect(Object.fromEntries(preflight.headers)).toMatchObject({
          "access-control-allow-origin": "*",
          "access-control-allow-methods": method,
          "access-control-allow-headers": "authorization, content-type, mcp-protocol-version",
          "access-control-max-age": "600",
        });
        const { headers } = await fetch(`${server().url}${path}`, { method, headers: { origin } });
        for (const answer of [preflight.headers, headers]) {
          expect(answer.get("access-control-allow-origin")).toBe("*");
          expect(answer.get("access-control-allow-credentials")).toBeNull();
        }
        expect(headers.get("access-control-expose-headers")).toContain("WWW-Authenticate");
      },
    );

    test("may not read the sign-in page", async () => {
      const { id } = await register(server());
      const query = new URLSearchParams({ client_id: id, redirect_uri: redirectUri });
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const { status, headers } = await fetch(`${server().url}/oauth/authorize?${query}`, {
          method,
          headers: { origin, "access-control-request-method": "POST" },
          redirect: "manual",
        });
        expect(headers.get("access-control-allow-origin")).toBeNull();
        if (method === "OPTIONS") expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
      }
    });
  });
});

test("the sign-in page takes a URL of 8,192 characters, and no longer one", async () => {
  await using server = await testServer();
  const { id } = await register(server);
  const query = new URLSearchParams({ client_id: id, redirect_uri: "http://127.0.0.1:1/other", state: "" });
  const path = `/oauth/authorize?${query}`;
  const statusAt = async (length: number) =>
    (await fetch(`${server.url}${path}${"x".repeat(length - path.length)}`)).status;
  expect(await statusAt(8_192)).toBe(400);
  expect(await statusAt(8_193)).toBe(414);
});

test.each(errorCodes)("the OAuth error of %s is in the words of OAuth", (code) => {
  const error = new LatchkeyError(code);
  const { status, error: name } = oauthErrorOf(error);
  expect(name).toMatch(/^[a-z_]+$/);
  if (name === "temporarily_unavailable") expect(status).toBe(503);
  if (name === "server_error") expect(status).toBe(500);
  expect(descriptionOf(error.message)).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
});

test("a client that sends its request too slowly gets 408 in the form of OAuth", async () => {
  const socket = new PassThrough();
  const timeout = Object.assign(new Error("too slow"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
  brokenRequestAnswers({ issuer: "http://127.0.0.1:8000", hstsSubdomains: false })(timeout, socket);
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(bodyOf(answer)).toMatchObject({ error: "invalid_request", code: "request_timeout" });
});

function bodyOf(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
}
