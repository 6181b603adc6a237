import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";

const app = "https://app.example.com";
const stranger = "https://stranger.example.com";

/** Sends a request as a browser does it for a page of this origin. */
async function call(server: TestServer, origin: string, path = "/auth/me", init: RequestInit = {}) {
  await (await fetch(server.url + path, { ...init, headers: { origin, ...init.headers } })).text();
}

const refusedIn = (server: TestServer) =>
  server
    .logged()
    .flatMap(({ level, msg }) => (level === 40 && /web page/.test(String(msg)) ? [String(msg)] : []));

const line = (origin: string) =>
  `a web page of ${origin} was refused: if it is yours, add this origin to LATCHKEY_CORS_ORIGINS`;

test.each([app, ""])("with LATCHKEY_CORS_ORIGINS=%s a refused origin is logged once", async (allowed) => {
  await using server = await testServer({ CORS_ORIGINS: allowed });
  const preflight = { method: "OPTIONS", headers: { "access-control-request-method": "POST" } };
  await call(server, stranger, "/auth/login", preflight);
  await call(server, stranger, "/auth/login", { method: "POST" });
  await call(server, stranger, "/nowhere");
  await call(server, `${stranger}:8443`);
  expect(refusedIn(server)).toEqual([line(stranger), line(`${stranger}:8443`)]);
});

test("pages of listed origins, of the issuer and of the server are not logged", async () => {
  await using server = await testServer({ CORS_ORIGINS: app, ISSUER: "http://latchkey.test" });
  for (const origin of [app, "http://latchkey.test", server.url]) await call(server, origin);
  expect(refusedIn(server)).toEqual([]);
  await using open = await testServer({ CORS_ORIGINS: "*" });
  await call(open, stranger);
  expect(refusedIn(open)).toEqual([]);
});

test("/mcp logs a page that gets 403, and no page of this machine", async () => {
  await using server = await testServer();
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
  const post = { method: "POST", body, headers: { "content-type": "application/json" } };
  await call(server, "http://localhost:3000", "/mcp", post);
  expect(refusedIn(server)).toEqual([]);
  await call(server, stranger, "/mcp", post);
  expect(refusedIn(server)).toEqual([line(stranger)]);
});

test.each([
  "null",
  "nonsense",
  `${stranger}/path`,
  "https://stranger.example.com%1b",
  "https://stranger.example.com,*",
  "https://*.example.com",
  `https://${"a".repeat(400)}.example`,
])("%j, which no page's origin looks like, is not logged", async (origin) => {
  await using server = await testServer();
  await call(server, origin);
  expect(refusedIn(server)).toEqual([]);
});

test("a flood of origins is logged up to a bound, and then one last line", async () => {
  await using server = await testServer();
  for (let page = 0; page < 120; page++) await call(server, `https://page-${page}.example.com`);
  const lines = refusedIn(server);
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toBe("web pages of more than 100 origins were refused: further ones are not logged");
});
