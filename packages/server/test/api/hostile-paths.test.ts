import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ask, raw } from "./raw-request.ts";

let server: TestServer;
let seen = 0;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => {
  const lines = server.logged().slice(seen);
  seen = server.logged().length;
  expect(lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
});

const notFound = { status: 404, code: "not_found", allow: undefined };

test.each(["/a*b", "/*", "/a/:b", "/:a(^[)", "/:a((b+)+$)", "/:(", "/::", "/auth/:x", "/auth/*", "/x?y*z"])(
  "%s is a path without a route, not a pattern",
  async (path) => {
    for (const method of ["GET", "POST"]) expect(await ask(server.url, method, path)).toEqual(notFound);
  },
);

test("a path that matches a pattern allows the methods of that route", async () => {
  const answer = await ask(server.url, "POST", "/revocations/a*b");
  expect(answer).toEqual({ status: 405, code: "method_not_allowed", allow: "GET" });
});

test.each([
  "..",
  "../x",
  "%2e%2e",
  "%2e%2e%2fpackage.json",
  "..%2f",
  "..%5c",
  "\\..",
  ".",
  "a/./b",
  "/",
  "a//b",
  "%00",
  "a%00b",
  "\xc0\xae\xc0\xae",
  "%c0%ae%c0%ae",
  "%",
  "%zz",
  "x".repeat(400),
  ".hidden",
  "swagger-ui.css/x",
])("/docs/static/%s is refused without a server error", async (file) => {
  for (const method of ["GET", "HEAD"]) {
    const { status } = await ask(server.url, method, `/docs/static/${file}`);
    expect([400, 403, 404]).toContain(status);
  }
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).not.toMatch(/code="internal_error"\} [1-9]/);
});

test.each(["Range: bytes=99999999-", 'If-Match: "x"', "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"])(
  "a file that cannot be sent under the condition %s is refused",
  async (header) => {
    const headers = `${header}\r\n`;
    const answer = await ask(server.url, "GET", "/docs/static/swagger-ui.css", { headers });
    expect(answer).toMatchObject({ status: 400, code: "bad_request" });
  },
);

test("no path causes a server error", async () => {
  const part = fc.constantFrom(..."/:*()[]{}?+^$|\\.;,@!~'\"`-_=&", "%00", "%2f", "%2e", "%5c", "a", "auth");
  const path = fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join("")}`);
  const prefix = fc.constantFrom("", "/auth", "/docs/static", "/revocations", "/.well-known", "/health");
  const method = fc.constantFrom("GET", "HEAD", "POST", "DELETE", "OPTIONS");
  await fc.assert(
    fc.asyncProperty(method, prefix, path, async (given, before, after) => {
      expect((await ask(server.url, given, `${before}${after}`)).status).toBeLessThan(500);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["QUERY", "/auth/me", 405, "GET, HEAD"],
  ["QUERY", "/mcp", 405, "GET, HEAD, POST, DELETE"],
  ["QUERY", "/nothing", 404, undefined],
  ["PROPFIND", "/auth/me", 405, "GET, HEAD"],
  ["TRACE", "/auth/login", 405, "POST"],
  ["PURGE", "/nothing", 404, undefined],
] as const)("%s %s is refused with the methods of the path", async (method, path, status, allow) => {
  const code = status === 405 ? "method_not_allowed" : "not_found";
  expect(await ask(server.url, method, path)).toEqual({ status, code, allow });
  const body = "{}";
  const headers = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  expect(await ask(server.url, method, path, { headers, body })).toEqual({ status, code, allow });
});

test.each(["FOO", "get", "CONNECT", "M-FOO"])("%s, which Node cannot parse, gets 405", async (method) => {
  const refused = { status: 405, code: "method_not_allowed", allow: "GET, HEAD, POST" };
  expect(await ask(server.url, method, "/auth/me")).toEqual(refused);
});

test("an unknown method as second request of a connection gets 405", async () => {
  const { host } = new URL(server.url);
  const first = `GET /health/live HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const answers = await raw(server.url, `${first}FOO /auth/me HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  expect([...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(["200", "405"]);
});

test("an unknown expectation is ignored", async () => {
  const answer = await ask(server.url, "GET", "/auth/me", { headers: "Expect: the-unexpected\r\n" });
  expect(answer).toMatchObject({ status: 401, code: "missing_token" });
});
