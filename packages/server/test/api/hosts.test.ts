import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostCheck } from "../../src/http/hosts.ts";
import { ask, raw } from "./raw-request.ts";

const misdirected = { status: 421, code: "misdirected_request", allow: undefined };
const paths = [
  "/",
  "/auth/me",
  "/health/ready",
  "/docs/",
  "/openapi.json",
  "/.well-known/jwks.json",
  "/revocations",
  "/metrics",
  "/mcp",
  "/.well-known/oauth-protected-resource",
  "/nothing",
  "/%zz",
];

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe("a server at a loopback address", () => {
  test.each(paths)("%s is refused to a foreign Host", async (path) => {
    expect(await ask(server.url, "GET", path, { host: "evil.example" })).toEqual(misdirected);
  });

  test("a rebound page cannot sign in with the right password and costs no hash", async () => {
    const body = JSON.stringify({ username: "alice", password: passwords.alice });
    const headers = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const before = server.hashes();
    for (const mount of ["/auth", "/api/v1/auth"]) {
      const answer = await ask(server.url, "POST", `${mount}/login`, { host: "evil.example", headers, body });
      expect(answer).toEqual(misdirected);
    }
    expect(server.hashes()).toBe(before);
    expect(server.newEvents()).toEqual([]);
  });

  test.each([
    "evil.example:8000",
    "EVIL.EXAMPLE",
    "evil.example.",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "evil.example@127.0.0.1",
    "evil.example#127.0.0.1",
    "[::1].evil.example",
    "2130706433",
    "a, 127.0.0.1",
    "localhost:x",
  ])("the Host %s is foreign", async (host) => {
    expect(await ask(server.url, "GET", "/auth/me", { host })).toEqual(misdirected);
  });

  test.each([
    "localhost",
    "LocalHost:1",
    "localhost.",
    "127.0.0.1:8000",
    "127.9.9.9",
    "[::1]:8000",
    "[0:0:0:0:0:0:0:1]",
    "[::FFFF:127.0.0.1]:1",
    "192.0.2.7",
    "",
  ])("the Host %j is accepted: a name of the server or an address", async (host) => {
    expect(await ask(server.url, "GET", "/auth/me", { host })).toMatchObject({ code: "missing_token" });
  });

  test("the authority of an absolute target counts, not the Host beside it", async () => {
    expect(await ask(server.url, "GET", "http://evil.example/auth/me")).toEqual(misdirected);
    expect(await ask(server.url, "GET", "http://a@evil.example:80/auth/me")).toEqual(misdirected);
    const own = await ask(server.url, "GET", "http://localhost/auth/me", { host: "evil.example" });
    expect(own).toMatchObject({ code: "missing_token" });
    const without = await ask(server.url, "GET", "http://localhost?x");
    expect(without).toMatchObject({ status: 404 });
  });

  test("several Host fields, or none in HTTP/1.1, are refused", async () => {
    const twice = await ask(server.url, "GET", "/auth/me", { headers: "hOst: 127.0.0.1\r\n" });
    expect(twice).toMatchObject({ status: 400, code: "bad_request" });
    const none = await raw(server.url, "GET /auth/me HTTP/1.1\r\nConnection: close\r\n\r\n");
    expect(none).toMatch(/^HTTP\/1\.1 400 .*x-content-type-options: nosniff.*"code":"bad_request"/s);
  });

  test("HTTP/1.0 without a Host is accepted, and needs a key", async () => {
    expect(await raw(server.url, "GET /health/live HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
    expect(await raw(server.url, "GET /metrics HTTP/1.0\r\n\r\n")).toContain("invalid_metrics_key");
  });
});

test("a server on loopback accepts the name of its public issuer", async () => {
  await using behind = await testServer({ ISSUER: "https://Login.Example.com" });
  const me = (host: string) => ask(behind.url, "GET", "/auth/me", { host });
  for (const host of ["login.example.com", "LOGIN.example.com:443", "127.0.0.1:8000"]) {
    expect(await me(host)).toMatchObject({ code: "missing_token" });
  }
  expect(await me("evil.example")).toEqual(misdirected);
});

test("LATCHKEY_ALLOWED_HOSTS adds names", async () => {
  await using named = await testServer({ ALLOWED_HOSTS: "latchkey, Auth.internal" });
  const me = (host: string) => ask(named.url, "GET", "/auth/me", { host });
  for (const host of ["latchkey:8000", "auth.internal", "localhost"]) {
    expect(await me(host)).toMatchObject({ code: "missing_token" });
  }
  expect(await me("evil.example")).toEqual(misdirected);
  // A name may belong to another machine, so keys are needed.
  expect(await ask(named.url, "GET", "/metrics", { host: "latchkey" })).toMatchObject({ status: 401 });
});

test("a public server checks names if some are set, or if its issuer is local", () => {
  const request = {
    headers: { host: "evil.example" },
    rawHeaders: ["Host", "evil.example"],
    httpVersion: "1.1",
  };
  const log = { debug: () => {}, warn: () => {}, error: () => {} };
  const refused = (issuer: string, allowedHosts: string[]) =>
    hostCheck({ issuer, host: "0.0.0.0", allowedHosts, log })(request)?.code;
  expect(refused("https://login.example", [])).toBeUndefined();
  expect(refused("https://login.example", ["latchkey"])).toBe("misdirected_request");
  expect(refused("http://localhost:8000", [])).toBe("misdirected_request");
});

test("a refused Host is logged once, with the setting and without the Host", async () => {
  await using own = await testServer();
  for (const host of ["latchkey:8000", "evil.example"]) {
    expect(await ask(own.url, "GET", "/auth/me", { host })).toEqual(misdirected);
  }
  const warnings = own.logged().filter(({ level }) => level === 40);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({ msg: expect.stringContaining("LATCHKEY_ALLOWED_HOSTS") });
  expect(JSON.stringify(own.logged())).not.toContain("evil.example");
});

describe("access without a key", () => {
  const get = (path: string, version: string, headers: string) =>
    raw(server.url, `GET ${path} HTTP/${version}\r\nConnection: close\r\n${headers}\r\n`);

  test.each(["/metrics", "/revocations", "/revocations/some-session"])(
    "%s answers only direct requests from this machine",
    async (path) => {
      expect(await get(path, "1.1", "Host: 127.0.0.1\r\n")).toMatch(/^HTTP\/1\.1 200 /);
      const others = [
        ["1.0", "Host: 127.0.0.1\r\n"],
        ["1.1", "Host: 192.0.2.7\r\n"],
        ["1.1", "Host: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"],
        ["1.1", "Host: 127.0.0.1\r\nX-Forwarded-Port: 443\r\n"],
        ["1.1", "Host: 127.0.0.1\r\nX-Client-IP: 192.0.2.7\r\n"],
        ["1.1", "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1:3000\r\n"],
      ] as const;
      for (const [version, headers] of others) {
        expect(await get(path, version, headers)).toMatch(/^HTTP\/1\.1 401 /);
      }
    },
  );

  test("ends if a proxy on this machine is trusted", async () => {
    await using behind = await testServer({ TRUSTED_PROXIES: "127.0.0.1" });
    expect(await ask(behind.url, "GET", "/metrics")).toMatchObject({
      status: 401,
      code: "invalid_metrics_key",
    });
  });
});
