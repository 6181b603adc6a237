import { afterEach, beforeEach, expect, test } from "vitest";
import { AuthClient, type CallOptions } from "../src/index.ts";
import { answers, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { verbs, welcome } from "./verbs.ts";
import { named } from "./wire-tap.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
  server.will(answers(200, welcome));
});
afterEach(() => server[Symbol.asyncDispose]());

const client = (options: CallOptions = {}) =>
  new AuthClient({ baseURL: server.url, retry: false, ...options });

test.each([
  ["login", "POST", { username: "alice", password: "correct horse battery" }, undefined],
  ["refresh", "POST", { refresh_token: "refresh-token" }, undefined],
  ["me", "GET", undefined, "Bearer access-token"],
  ["logout", "POST", undefined, "Bearer access-token"],
] as const)("the request of %s", async (name, method, body, authorization) => {
  await verbs[name](client());
  const [request] = server.received;
  expect(request).toMatchObject({ method, path: `/auth/${name}`, headers: { accept: "application/json" } });
  expect(request?.headers.authorization).toBe(authorization);
  expect(request?.headers["content-type"]).toBe(body && "application/json");
  expect(request?.body).toBe(body ? JSON.stringify(body) : "");
});

test.each([
  ["", "/auth", "/auth/me"],
  ["/", "/auth", "/auth/me"],
  ["///", "/auth", "/auth/me"],
  ["", "/api/v1/auth", "/api/v1/auth/me"],
  ["/behind/a/proxy/", "/api/v1/auth", "/behind/a/proxy/api/v1/auth/me"],
  ["", "", "/me"],
  ["", "auth", "/auth/me"],
  ["/", "auth/", "/auth/me"],
  ["", "/auth/", "/auth/me"],
  ["/behind/a/proxy", "//api/v1/auth//", "/behind/a/proxy/api/v1/auth/me"],
])("a base URL that ends in %j and base path %j: %s", async (end, basePath, path) => {
  await client({ baseURL: server.url + end, basePath }).me();
  await client().me({ baseURL: server.url + end, basePath });
  expect(server.received.map((request) => request.path)).toEqual([path, path]);
});

test("a base path without a slash does not become part of the host", async () => {
  const hosts: string[] = [];
  const fetch = async (request: Request) => {
    hosts.push(new URL(request.url).host);
    return Response.json(welcome);
  };
  const auth = client({ baseURL: "https://login.example", basePath: "auth", fetch });
  await auth.login({ username: "alice", password: "correct horse battery" });
  expect(hosts).toEqual(["login.example"]);
});

test("headers of a call override those of the client, whatever their case", async () => {
  const auth = client({ headers: { "X-Tenant": "one", "x-trace": "a" } });
  await auth.me({ headers: { "x-tenant": "two", Accept: "application/problem+json" } });
  await auth.me();
  expect(
    server.received.map(({ headers }) => [headers["x-tenant"], headers["x-trace"], headers.accept]),
  ).toEqual([
    ["two", "a", "application/problem+json"],
    ["one", "a", "application/json"],
  ]);
});

test("options that are undefined change nothing", async () => {
  const given = { basePath: "/api/v1/auth", headers: { "x-trace": "a" }, token: "mine" };
  const nothing = Object.fromEntries(
    [
      "baseURL",
      "basePath",
      "token",
      "timeout",
      "retry",
      "headers",
      "fetch",
      "middleware",
      "logger",
      "signal",
    ].map((name) => [name, undefined]),
  );
  const auth = client({ ...given, middleware: [named("client")] });
  await auth.me(nothing);
  await auth.with(nothing).me();
  await new AuthClient({ ...nothing, baseURL: server.url, ...given }).me();
  for (const { path, headers } of server.received) {
    expect({ path, trace: headers["x-trace"], token: headers.authorization }).toEqual({
      path: "/api/v1/auth/me",
      trace: "a",
      token: "Bearer mine",
    });
  }
  expect(server.received.map(({ headers }) => headers["x-passed"])).toEqual(["client", "client", undefined]);
});
