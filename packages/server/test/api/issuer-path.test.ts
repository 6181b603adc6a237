import { passwords, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { targetRewriter } from "../../src/http/routing.ts";
import { send } from "./api-case.ts";
import { ask } from "./raw-request.ts";

const issuer = "https://x.example/auth-service";
const wellKnown = "/.well-known";
const metadata = `${wellKnown}/oauth-protected-resource`;

describe("an issuer with a path", () => {
  test("serves its metadata at the URL of the challenge", async () => {
    await using server = await testServer({ ISSUER: issuer });
    const headers = { accept: "application/json, text/event-stream" };
    const body = { jsonrpc: "2.0", id: 1, method: "prompts/list" };
    const refused = await send(server, "", { method: "POST", path: "/mcp", headers, body });
    const named = `https://x.example${metadata}/auth-service/mcp`;
    expect(refused.headers.get("www-authenticate")).toContain(`resource_metadata="${named}"`);
    const answer = await send(server, "", { method: "GET", path: new URL(named).pathname });
    expect([answer.status, answer.body["resource"]]).toEqual([200, `${issuer}/mcp`]);
  });

  test.each([`${metadata}/auth-service/mcp/token-field`, `${metadata}/mcp/token-field`])(
    "describes the endpoint with a field for the token at %s",
    async (path) => {
      await using server = await testServer({ ISSUER: issuer });
      const answer = await send(server, "", { method: "GET", path });
      expect([answer.status, answer.body["resource"]]).toEqual([200, `${issuer}/mcp/token-field`]);
    },
  );

  test.each([`${metadata}/auth-service`, `${metadata}/mcp`, metadata])(
    "serves the same metadata at %s",
    async (path) => {
      await using server = await testServer({ ISSUER: issuer });
      const answer = await send(server, "", { method: "GET", path });
      expect([answer.status, answer.body["resource"]]).toEqual([200, `${issuer}/mcp`]);
    },
  );

  test.each([
    `${wellKnown}/openid-configuration`,
    `${wellKnown}/openid-configuration/auth-service`,
    `/auth-service${wellKnown}/openid-configuration`,
  ])("serves discovery at %s", async (path) => {
    await using server = await testServer({ ISSUER: issuer });
    const answer = await send(server, "", { method: "GET", path });
    expect([answer.status, answer.body["issuer"]]).toEqual([200, issuer]);
  });

  test("serves each route with the path and without it", async () => {
    await using server = await testServer({ ISSUER: issuer });
    const body = { username: "alice", password: passwords.alice };
    for (const mount of ["/auth", "/auth-service/auth", "/auth-service//auth", "/auth-service/api/v1/auth"]) {
      const answer = await send(server, mount, { method: "POST", path: "/login", body });
      expect(answer.status, mount).toBe(200);
    }
    expect(await ask(server.url, "GET", "/auth-service/revocations")).toMatchObject({ status: 401 });
    expect(await ask(server.url, "GET", "/auth-service/auth/login")).toMatchObject({
      status: 405,
      allow: "POST",
    });
    for (const path of [
      "/auth-service",
      "/auth-services/auth/me",
      "/other/auth/me",
      "/auth-service/nothing",
    ]) {
      expect(await ask(server.url, "GET", path)).toMatchObject({ status: 404 });
    }
  });

  test("may have a path that equals a mount of the routes", async () => {
    await using server = await testServer({ ISSUER: "https://x.example/auth" });
    for (const path of ["/auth/me", "/auth/auth/me", "/auth/api/v1/auth/me"]) {
      expect(await ask(server.url, "GET", path)).toMatchObject({ status: 401, code: "missing_token" });
    }
    expect(await ask(server.url, "GET", "/auth/metrics")).toMatchObject({ code: "invalid_metrics_key" });
    expect(await ask(server.url, "GET", "/me")).toMatchObject({ status: 404 });
  });

  test.each(["/docs", "/oauth"])("may be %s, the first segment of other routes", async (base) => {
    await using server = await testServer({ ISSUER: `https://x.example${base}` });
    const noToken = { status: 401, code: "missing_token" };
    for (const path of ["/auth/logout", `${base}/auth/logout`]) {
      expect(await ask(server.url, "POST", path)).toMatchObject(noToken);
    }
    expect(await ask(server.url, "HEAD", `${base}/.well-known/jwks.json`)).toMatchObject({ status: 200 });
    expect(await ask(server.url, "HEAD", `${base}/docs/json`)).toMatchObject({ status: 200 });
  });
});

describe("slashes at the start of a path", () => {
  test.each(["//auth/me", "///api/v1/auth/me", "http://localhost//auth/me"])(
    "count as one: %s",
    async (path) => {
      await using server = await testServer();
      expect(await ask(server.url, "GET", path)).toMatchObject({ status: 401, code: "missing_token" });
    },
  );

  test("do not bypass a proxy that blocks a path", async () => {
    await using server = await testServer({ ISSUER: "https://x.example/auth-service" });
    for (const path of [
      ...["//metrics", "//health/ready", "///revocations", "//revocations/x"],
      ...["//auth-service/metrics", "//auth-service/health/ready", "/auth-service//metrics"],
    ]) {
      expect(await ask(server.url, "GET", path)).toMatchObject({ status: 404 });
    }
  });

  test("never redirect to another host", async () => {
    await using server = await testServer();
    for (const path of [
      "//evil.example/docs",
      "//evil.example/docs/static/index.html",
      "//evil.example/%2e%2e",
    ]) {
      expect(await ask(server.url, "GET", path)).toMatchObject({ status: 404 });
    }
    for (const [path, place] of [
      ["//docs", "docs/"],
      ["//docs/static/index.html?x", "../"],
    ] as const) {
      const answer = await fetch(`${server.url}${path}`, { redirect: "manual" });
      expect([answer.status, answer.headers.get("location")]).toEqual([302, place]);
    }
  });

  test("are the only part that changes", () => {
    const rewrite = targetRewriter(issuer);
    for (const url of ["/auth//me", "/a?x=//b", "/auth-service//x", "*", "ftp://x//y"]) {
      expect(rewrite({ url, headers: {} }, () => false)).toBe(url);
    }
  });
});

test("/docs redirects to /docs/ under any prefix of a proxy", async () => {
  await using server = await testServer({ ISSUER: issuer });
  for (const path of ["/docs", "/auth-service/docs", "/docs?x=1"]) {
    const answer = await fetch(`${server.url}${path}`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "docs/"]);
  }
  const page = await (await fetch(`${server.url}/auth-service/docs`)).text();
  expect(page).toContain('src="./static/swagger-initializer.js"');
  expect(page).not.toMatch(/(src|href)="\//);
});
