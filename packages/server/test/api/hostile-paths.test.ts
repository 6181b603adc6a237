import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ask } from "./raw-request.ts";
import { type TestServer, testServer } from "./test-server.ts";

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
  "%s is a path that no route takes, not a pattern",
  async (path) => {
    for (const method of ["GET", "POST"]) expect(await ask(server.url, method, path)).toEqual(notFound);
  },
);

test("a path that a route takes by pattern allows that route's methods", async () => {
  const answer = await ask(server.url, "POST", "/revocations/a*b");
  expect(answer).toEqual({ status: 405, code: "method_not_allowed", allow: "GET" });
});

test("no path is a fault of the server's", async () => {
  const part = fc.constantFrom(..."/:*()[]{}?+^$|\\.;,@!~'\"`-_=&", "%00", "%2f", "%2e", "%5c", "a", "auth");
  const path = fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join("")}`);
  const prefix = fc.constantFrom("", "/auth", "/revocations", "/.well-known", "/health");
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
