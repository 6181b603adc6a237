import { existsSync, readFileSync } from "node:fs";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { version } from "../../src/core/version.ts";
import { send } from "./api-case.ts";
import { ask } from "./raw-request.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** The `Accept` of Chromium for a page. */
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

const get = (url: string, accept = browser) => fetch(url, { headers: { accept }, redirect: "manual" });

/** The addresses of the links of a page, as they are written. */
const linksIn = (page: string) => [...page.matchAll(/href="([^"]*)"/g)].map(([, address]) => address ?? "");

describe("the page at /", () => {
  test.each([browser, "text/html", "TEXT/HTML; charset=utf-8", "application/json, text/html;q=0.1"])(
    "is the answer to Accept: %s",
    async (accept) => {
      const answer = await get(`${server.url}/`, accept);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    },
  );

  test.each([
    undefined,
    "*/*",
    "application/json",
    "application/json, text/plain, */*",
    "text/html;q=0",
    "text/html; q=0.000, application/json",
    "text/plain, text/htmlx, text/*",
    'a="text/html',
    ",;=",
  ])("is not the answer to Accept: %s, which keeps its 404", async (accept) => {
    const headers = accept === undefined ? "" : `Accept: ${accept}\r\n`;
    expect(await ask(server.url, "GET", "/", { headers })).toMatchObject({ status: 404, code: "not_found" });
  });

  test("leaves the body of the 404 unchanged", async () => {
    const answer = await send(server, "", { method: "GET", path: "/", headers: { accept: "*/*" } });
    expect(answer.body).toEqual({
      detail: "Resource not found",
      message: "Resource not found",
      code: "not_found",
    });
    expect(answer.headers.get("vary")).toBe("Accept");
  });

  test("keeps Origin in Vary if CORS is on", async () => {
    await using open = await testServer({ CORS_ORIGINS: "https://one.example,https://two.example" });
    const answer = await get(`${open.url}/`);
    expect(answer.headers.get("vary")).toBe("Origin, Accept, Accept-Language");
  });

  test("has the name and the version, and every link of this server answers", async () => {
    const page = await (await get(`${server.url}/`)).text();
    expect(page).toContain("<title>Latchkey</title>");
    expect(page).toContain(`Version ${version}`);
    const links = linksIn(page);
    expect(links).toEqual(["docs/", "openapi.json", "health/ready", expect.stringMatching(/^https:.*guide/)]);
    for (const link of links.slice(0, 3)) {
      expect((await get(new URL(link, `${server.url}/`).href)).status, link).toBe(200);
    }
  });

  test("links the guide in the repository of the packages", async () => {
    const root = new URL("../../../../", import.meta.url);
    const { homepage } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
    const guide = linksIn(await (await get(`${server.url}/`)).text()).at(-1) ?? "";
    const [repository, file = ""] = guide.split("/blob/main/");
    expect(repository).toBe(homepage.replace("#readme", ""));
    expect(existsSync(new URL(file, root))).toBe(true);
  });

  test("has a policy without scripts that permits exactly its own style sheet", async () => {
    const answer = await get(`${server.url}/`);
    const page = await answer.text();
    const [, style = ""] = /<style>(.*)<\/style>/s.exec(page) ?? [];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const hash = Buffer.from(digest).toString("base64");
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
      "cache-control": "no-store",
      "cross-origin-opener-policy": "same-origin",
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    expect(page).not.toMatch(/<script|style="|\son\w+=|src=/);
  });

  test("answers HEAD like GET, without a body, and no other method", async () => {
    const head = await fetch(`${server.url}/`, { method: "HEAD", headers: { accept: "text/html" } });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      expect(await ask(server.url, method, "/", { headers: "Accept: text/html\r\n" })).toEqual({
        status: 405,
        code: "method_not_allowed",
        allow: "GET, HEAD",
      });
    }
  });

  test.each([
    ["de-CH, de;q=0.9, en;q=0.8", "de", "Über diesen Server melden sich"],
    ["fr", "fr", "Ce serveur gère la connexion"],
    ["ja, *;q=0.5", "en", "This server signs people in"],
  ])("is in the reader's language: %s", async (accepted, language, text) => {
    const headers = { accept: browser, "accept-language": accepted };
    const page = await (await fetch(`${server.url}/`, { headers })).text();
    expect(page).toContain(`<html lang="${language}">`);
    expect(page).toContain(text);
  });

  test("is counted as other, like every path without a name", async () => {
    await get(`${server.url}/`);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/^latchkey_requests_total\{operation="other",code="ok"\} [1-9]/m);
  });
});

describe("the page behind a proxy that keeps a path", () => {
  const settings = { ISSUER: "https://x.example/auth-service" };

  test("ends in a slash, so that its relative links stay below the path", async () => {
    await using behind = await testServer(settings);
    for (const path of ["/auth-service/", "/", "//"]) {
      expect((await get(`${behind.url}${path}`)).status, path).toBe(200);
    }
    for (const query of ["", "?from=mail"]) {
      const answer = await get(`${behind.url}/auth-service${query}`);
      expect([answer.status, answer.headers.get("location")], query).toEqual([302, "./auth-service/"]);
    }
    expect((await get(`${behind.url}/auth-service/docs/`)).status).toBe(200);
  });

  test("stays unknown to a program", async () => {
    await using behind = await testServer(settings);
    for (const path of ["/auth-service", "/auth-service/"]) {
      expect(await ask(behind.url, "GET", path)).toMatchObject({ status: 404, code: "not_found" });
    }
  });

  test("never redirects to a host that the request named", async () => {
    for (const target of ["http://evil.example", "//evil.example", "//evil.example/", "/\\evil.example"]) {
      const headers = "Accept: text/html\r\n";
      const { status } = await ask(server.url, "GET", target, { headers });
      expect([404, 421], target).toContain(status);
    }
  });
});

describe("with LATCHKEY_DOCS=off", () => {
  test("the document and its page are unknown paths, and nothing links them", async () => {
    await using quiet = await testServer({ DOCS: "off" });
    for (const path of [
      ...["/docs", "/docs/", "/docs/json", "/docs/yaml", "/docs/static/swagger-ui.css", "/openapi.json"],
    ]) {
      expect(await ask(quiet.url, "GET", path), path).toEqual({
        status: 404,
        code: "not_found",
        allow: undefined,
      });
    }
    const page = await (await get(`${quiet.url}/`)).text();
    expect(linksIn(page)).toEqual(["health/ready", expect.stringMatching(/^https:/)]);
    expect(page).toContain('role="status">The API documentation of this server is turned off.');
    const metadata = await (await get(`${quiet.url}/.well-known/openid-configuration`)).text();
    expect(metadata).not.toContain("docs");
  });

  test("every operation works as before", async () => {
    await using quiet = await testServer({ DOCS: "off" });
    const body = { username: "alice", password: "wrong" };
    const login = (more: object) =>
      send(quiet, "/auth", { method: "POST", path: "/login", body: { ...body, ...more } });
    expect((await login({})).body["code"]).toBe("invalid_credentials");
    expect((await login({ username: 5 })).body["code"]).toBe("validation_error");
    for (const path of ["/health/ready", "/metrics", "/revocations", "/.well-known/jwks.json"]) {
      expect((await get(`${quiet.url}${path}`)).status, path).toBe(200);
    }
  });
});
