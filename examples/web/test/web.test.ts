import { createServer } from "node:http";
import { join } from "node:path";
import { Programs } from "@latchkey/testkit/programs";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { beforeAll, describe, expect, test } from "vitest";
import { type Web, webStarter } from "./worlds.ts";

const start = webStarter();
const programs = new Programs();
let web: Web;
beforeAll(async () => {
  web = await start();
}, 60_000);

const alice = { username: "alice", password: "alice123" };

interface Sent {
  readonly cookie?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request as the page does. */
async function ask(method: string, path: string, { cookie, body, headers }: Sent = {}) {
  const response = await fetch(web.url + path, {
    method,
    headers: {
      "content-type": "application/json",
      "sec-fetch-site": "same-origin",
      // After a body that is too long the server closes the connection.
      connection: "close",
      ...(cookie && { cookie }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Signs in. @returns the cookie as a browser would send it */
async function cookieOf(cookie?: string): Promise<string> {
  const { status, headers } = await ask("POST", "/api/session", { body: alice, ...(cookie && { cookie }) });
  expect(status).toBe(200);
  return headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

describe("a login", () => {
  test("answers the user, with a cookie for the backend alone and no token", async () => {
    const { status, headers, text } = await ask("POST", "/api/session", { body: alice });
    expect({ status, user: JSON.parse(text) }).toMatchObject({ status: 200, user: { username: "alice" } });
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
    ]);
    expect(text + headers.getSetCookie()).not.toMatch(/eyJ|lkr_/);
    expect(headers.get("cache-control")).toBe("no-store");
  });

  test.each([
    ["a wrong password", { username: "alice", password: "wrong" }, 401],
    ["no password", { username: "alice" }, 400],
    ["a list", [], 400],
    ["null", "null", 400],
    ["half of JSON", '{"username": "al', 400],
    ["too long a text", { username: "alice", password: "x".repeat(200_000) }, 413],
  ])("with %s sets no cookie", async (_case, body, status) => {
    const answer = await ask("POST", "/api/session", { body });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []]);
  });

  test("ends the session that the browser had before, and gives another id", async () => {
    const before = await cookieOf();
    const after = await cookieOf(before);
    expect(after).not.toBe(before);
    expect((await ask("GET", "/api/session", { cookie: before })).status).toBe(401);
    expect((await ask("GET", "/api/session", { cookie: after })).status).toBe(200);
  });
});

describe("a session", () => {
  test("reads and writes the user's notes", async () => {
    const cookie = await cookieOf();
    expect((await ask("POST", "/api/notes", { cookie, body: { text: "buy milk" } })).status).toBe(201);
    const { notes } = JSON.parse((await ask("GET", "/api/notes", { cookie })).text);
    expect(notes).toContainEqual(expect.objectContaining({ owner: "user:alice", text: "buy milk" }));
  });

  test("ends with a logout: its cookie is worth nothing afterwards", async () => {
    const cookie = await cookieOf();
    const { status, headers } = await ask("DELETE", "/api/session", { cookie });
    expect(status).toBe(204);
    expect(headers.getSetCookie()[0]).toMatch(/^__Host-session=; Max-Age=0; Path=\/;/);
    for (const path of ["/api/session", "/api/notes"]) {
      expect((await ask("GET", path, { cookie })).status).toBe(401);
    }
  });

  test.each([undefined, "__Host-session=", "__Host-session=constructor", "session=x"])(
    "is not known by the cookie %s",
    async (cookie) => {
      expect((await ask("GET", "/api/notes", cookie === undefined ? {} : { cookie })).status).toBe(401);
    },
  );
});

describe("a request of another origin is refused, also with the cookie", () => {
  const foreign = (site: string, type: string) => ({
    "sec-fetch-site": site,
    "content-type": type,
    origin: "http://localhost:1",
  });

  test.each([
    ["cross-site", "text/plain"],
    ["same-site", "text/plain"],
    ["same-site", "application/x-www-form-urlencoded"],
    ["none", "multipart/form-data; boundary=x"],
  ])("%s, %s", async (site, type) => {
    const cookie = await cookieOf();
    const headers = foreign(site, type);
    const body = JSON.stringify({ text: "forged" });
    expect((await ask("POST", "/api/notes", { cookie, headers, body })).status).toBe(403);
    expect((await ask("POST", "/api/session", { cookie, headers, body: alice })).status).toBe(403);
    expect((await ask("GET", "/api/notes", { cookie })).text).not.toContain("forged");
  });

  test("a preflight allows no other origin", async () => {
    const headers = { origin: "http://localhost:1", "access-control-request-method": "DELETE" };
    const answer = await ask("OPTIONS", "/api/session", { headers });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});

test("the page allows its own script alone, and no frame around it", async () => {
  const { headers } = await ask("GET", "/");
  expect(headers.get("content-security-policy")).toBe(
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
});

describe("a login server that answers", () => {
  test.each([
    ["a success without JSON", 200, "Welcome"],
    ["a success without tokens", 200, "{}"],
    ["a redirect", 302, ""],
  ])(
    "%s signs nobody in",
    async (_case, status, body) => {
      const login = createServer((_request, response) => {
        response.writeHead(status, { location: "/elsewhere" }).end(body);
      });
      const LATCHKEY_ISSUER = `http://127.0.0.1:${await listenLocally(login)}`;
      await using _closed = { [Symbol.asyncDispose]: () => closeNow(login) };
      const app = programs.script(join(import.meta.dirname, "../src/main.ts"), {
        PORT: "0",
        LATCHKEY_ISSUER,
      });
      const url = await app.says(/^the web app is at (http:\S+), /);
      const headers = { "content-type": "application/json", "sec-fetch-site": "same-origin" };
      const sent = { method: "POST", headers, body: JSON.stringify(alice) };
      const answer = await fetch(`${url}/api/session`, sent);
      expect([answer.status, await answer.json()]).toEqual([502, { message: "Nobody can sign in now" }]);
      expect(answer.headers.getSetCookie()).toEqual([]);
    },
    30_000,
  );
});

test.each([
  ["GET", "/api/session", undefined, 401],
  ["POST", "/api/session", { username: "alice", password: "wrong" }, 401],
  ["POST", "/api/session", {}, 400],
])("no cache keeps the refusal of %s %s", async (method, path, body, status) => {
  const answer = await ask(method, path, { body });
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([status, "no-store"]);
});

test("the login server learns the browser's address", async () => {
  const seen: (string | string[] | undefined)[] = [];
  const login = createServer(({ headers }, response) => {
    seen.push(headers["x-forwarded-for"]);
    response.writeHead(503).end();
  });
  const LATCHKEY_ISSUER = `http://127.0.0.1:${await listenLocally(login)}`;
  await using _closed = { [Symbol.asyncDispose]: () => closeNow(login) };
  const app = programs.script(join(import.meta.dirname, "../src/main.ts"), { PORT: "0", LATCHKEY_ISSUER });
  const url = await app.says(/^the web app is at (http:\S+), /);
  const headers = { "content-type": "application/json", "sec-fetch-site": "same-origin" };
  const answer = await fetch(`${url}/api/session`, { method: "POST", headers, body: JSON.stringify(alice) });
  expect([answer.status, await answer.json()]).toEqual([502, { message: "Nobody can sign in now" }]);
  expect(new Set(seen)).toEqual(new Set(["127.0.0.1"]));
}, 30_000);
