import { once } from "node:events";
import { STATUS_CODES } from "node:http";
import { connect } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test, vi } from "vitest";
import { send } from "./api-case.ts";
import { ask, raw } from "./raw-request.ts";

describe("every answer", () => {
  test.each([
    ["GET", "/auth/me"],
    ["GET", "/nothing"],
    ["GET", "/health/live"],
    ["POST", "/auth/login"],
    ["GET", "/%zz"],
  ] as const)("%s %s carries the security headers", async (method, path) => {
    await using server = await testServer();
    const { headers } = await send(server, "", { method, path });
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    expect(headers.get("strict-transport-security")).toBeNull();
  });

  test("keeps browsers on https if the issuer is https", async () => {
    await using server = await testServer({ ISSUER: "https://login.example.com" });
    const { headers } = await send(server, "", { method: "GET", path: "/health/live" });
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  });

  test("keeps subdomains on https if LATCHKEY_HSTS_SUBDOMAINS is on", async () => {
    const hsts = async (issuer: string) => {
      await using server = await testServer({ ISSUER: issuer, HSTS_SUBDOMAINS: "on" });
      const { headers } = await send(server, "", { method: "GET", path: "/health/live" });
      return headers.get("strict-transport-security");
    };
    expect(await hsts("https://login.example.com")).toBe("max-age=31536000; includeSubDomains");
    expect(await hsts("http://login.example.com")).toBeNull();
  });

  test("a page that opened the documentation cannot reach its window", async () => {
    await using server = await testServer();
    for (const path of ["/docs/", "/docs", "/docs/json", "/docs/static/swagger-ui-bundle.js"]) {
      const { headers } = await fetch(`${server.url}${path}`, { redirect: "manual" });
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("content-security-policy")).toContain("base-uri 'none'");
    }
  });

  test.each([
    ["req-1", "req-1"],
    ["x".repeat(64), "x".repeat(64)],
    ["x".repeat(65), undefined],
    ["with space", undefined],
    ["<script>", undefined],
  ])("keeps a trusted proxy's request id %j only if it is plain", async (brought, kept) => {
    await using server = await testServer({ TRUSTED_PROXIES: "127.0.0.1" });
    const headers = { "x-request-id": brought };
    const answer = await send(server, "", { method: "GET", path: "/health/live", headers });
    const id = answer.headers.get("x-request-id");
    if (kept === undefined) expect(id).toMatch(/^[\w-]{8}-[\da-z]+$/);
    else expect(id).toBe(kept);
  });

  test.each([{}, { TRUSTED_PROXIES: "192.0.2.0/24" }])(
    "with %j the request id of another peer is replaced",
    async (settings) => {
      await using server = await testServer(settings);
      const headers = { "x-request-id": "req-1", "x-forwarded-for": "192.0.2.7" };
      const body = { username: "alice", password: "wrong" };
      const answer = await send(server, "/auth", { method: "POST", path: "/login", body, headers });
      const id = answer.headers.get("x-request-id");
      expect(id).toMatch(/^[\w-]{8}-[\da-z]+$/);
      expect(server.newEvents()).toMatchObject([{ name: "login.failed", request_id: id }]);
      expect(JSON.stringify(server.logged())).not.toContain("req-1");
    },
  );
});

describe("input that Node cannot parse as a request", () => {
  test.each([
    ["no HTTP", "hello\r\n\r\n", 400, "bad_request"],
    [
      "headers over 16 KiB",
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(17_000)}\r\n\r\n`,
      431,
      "headers_too_large",
    ],
    [
      "two lengths",
      "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      400,
      "bad_request",
    ],
    [
      "length and chunks",
      "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      "bad_request",
    ],
  ])("%s gets the same error body as every other refusal", async (_name, text, status, code) => {
    await using server = await testServer();
    const answer = await raw(server.url, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`));
    expect(answer).toMatch(/\r\ncontent-type: application\/json/i);
    expect(answer).toMatch(/\r\ncache-control: no-store\r\n/);
    expect(answer).toMatch(/\r\nx-content-type-options: nosniff\r\n/);
    const body: unknown = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
    expect(body).toMatchObject({ code, detail: expect.any(String), message: expect.any(String) });
  });

  test("a URL over 2,048 characters gets 414", async () => {
    await using server = await testServer();
    const answer = await send(server, "", { method: "GET", path: `/${"a".repeat(2048)}` });
    expect([answer.status, answer.body["code"]]).toEqual([414, "uri_too_long"]);
  });
});

describe("a request with a content type, but without a body and a length", () => {
  test.each([
    ["POST", "/auth/login", 400, "bad_request"],
    ["POST", "/auth/refresh", 400, "bad_request"],
    ["POST", "/auth/logout", 401, "missing_token"],
    ["POST", "/mcp", 401, undefined],
    ["DELETE", "/mcp", 401, undefined],
    ["POST", "/mcp/token-field", 400, undefined],
    ["DELETE", "/mcp/token-field", 405, undefined],
    ["GET", "/auth/me", 401, "missing_token"],
    ["PUT", "/auth/login", 405, "method_not_allowed"],
    ["POST", "/nowhere", 404, "not_found"],
  ])("is answered: %s %s", async (method, path, status, code) => {
    await using server = await testServer();
    const headers = "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";
    expect(await ask(server.url, method, path, { headers })).toMatchObject({ status, code });
  });
});

describe("CORS", () => {
  const preflight = (origin: string) =>
    ({
      method: "OPTIONS",
      path: "/auth/login",
      headers: { origin, "access-control-request-method": "POST" },
    }) as const;

  test("is off by default", async () => {
    await using server = await testServer();
    const answer = await send(server, "", preflight("https://app.example"));
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([405, null]);
  });

  test("admits the configured origins and no other", async () => {
    await using server = await testServer({ CORS_ORIGINS: "https://app.example, https://other.example" });
    const response = await fetch(`${server.url}/auth/login`, preflight("https://app.example"));
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    const stranger = await fetch(`${server.url}/auth/login`, preflight("https://evil.example"));
    expect(stranger.headers.get("access-control-allow-origin")).toBeNull();
    const actual = await send(server, "", {
      method: "GET",
      path: "/auth/me",
      headers: { origin: "https://app.example" },
    });
    expect(actual.headers.get("access-control-expose-headers")).toContain("WWW-Authenticate");
  });

  test("lets a page send the request headers of the document", async () => {
    await using server = await testServer({ CORS_ORIGINS: "https://app.example" });
    const document = await (await fetch(`${server.url}/openapi.json`)).text();
    const described = new Set(
      [...document.matchAll(/"in":"header","name":"([^"]+)"/g)].map(([, name]) => name),
    );
    // The stream of ended sessions is for guards, and no page reads it.
    described.delete("last-event-id");
    expect(described).toEqual(new Set(["idempotency-key", "if-match", "if-none-match"]));
    const answer = await fetch(`${server.url}/auth/login`, preflight("https://app.example"));
    const allowed = answer.headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
    expect(allowed).toEqual(expect.arrayContaining([...described]));
  });
});

test("an internal error is logged and hidden from the caller", async () => {
  await using server = await testServer(
    {},
    {
      hash: async () => "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
      verify: () => Promise.reject(new Error("the inside")),
    },
  );
  const body = { username: "alice", password: "canary-password" };
  const answer = await send(server, "/auth", { method: "POST", path: "/login", body });
  expect(answer.body).toEqual({
    code: "internal_error",
    detail: "Internal server error",
    message: "Internal server error",
  });
  expect(answer.text).not.toContain("inside");
  const [line] = server.logged().filter(({ code }) => code === "internal_error");
  expect(line).toMatchObject({
    requestId: answer.headers.get("x-request-id"),
    err: { message: "the inside" },
  });
  expect(JSON.stringify(server.logged())).not.toContain("canary-password");
});

test("a client that disconnects during its body causes no server error", async () => {
  await using server = await testServer();
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const head =
    "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
  await new Promise((resolve) => socket.write(head, resolve));
  // The answer to a second connection shows that the first was read.
  await send(server, "", { method: "GET", path: "/health/live" });
  socket.destroy();
  await until(
    "the disconnect is logged",
    () => server.logged().some(({ code }) => code === "client_gone"),
    5_000,
  );
  expect(server.logged().filter(({ code }) => code === "internal_error")).toEqual([]);
});

test("a name or password too slow to normalise is not normalised", async () => {
  await using server = await testServer();
  const slow = `a${"\u0323\u0301".repeat(3_900)}`;
  using normalize = vi.spyOn(String.prototype, "normalize");
  for (const body of [
    { username: slow, password: "wrong" },
    { username: "alice", password: slow },
  ]) {
    const answer = await send(server, "/auth", { method: "POST", path: "/login", body });
    expect([answer.status, answer.body["code"]]).toEqual([401, "invalid_credentials"]);
  }
  const normalized = normalize.mock.contexts.map(String);
  expect(normalized).toContain("alice");
  expect(normalized).not.toContain(slow);
});

const ready = { method: "GET", path: "/health/ready" } as const;

test("readiness is 503 while the database is locked, and 200 soon afterwards", async () => {
  await using server = await testServer();
  const other = new DatabaseSync(server.database, { timeout: 5_000 });
  other.exec("begin immediate");
  const answer = await send(server, "", ready);
  other.exec("rollback");
  other.close();
  expect([answer.status, answer.body["code"], answer.headers.get("retry-after")]).toEqual([
    503,
    "store_unavailable",
    "1",
  ]);
  expect((await send(server, "", ready)).status).toBe(503);
  server.advance(250);
  expect((await send(server, "", ready)).status).toBe(200);
});

test("readiness checks write once a second, at any rate of requests", async () => {
  await using server = await testServer();
  const other = new DatabaseSync(server.database);
  const beats = other.prepare("select beats from heartbeat");
  const writes: unknown[] = [beats.get()?.["beats"]];
  const ask = async () => {
    expect((await send(server, "", ready)).status).toBe(200);
    const now = beats.get()?.["beats"];
    if (now !== writes.at(-1)) writes.push(now);
  };
  await Promise.all(Array.from({ length: 20 }, ask));
  for (let more = 0; more < 10; more++) await ask();
  expect(writes).toHaveLength(2);
  server.stepWallClock(-3_600_000);
  await ask();
  expect(writes).toHaveLength(2);
  server.advance(1_000);
  await ask();
  await ask();
  expect(writes).toHaveLength(3);
  other.close();
});

test("a running server is live and ready", async () => {
  await using server = await testServer();
  for (const state of ["live", "ready"]) {
    const answer = await send(server, "", { method: "GET", path: `/health/${state}` });
    expect([answer.status, answer.body]).toEqual([200, { status: state }]);
  }
});
