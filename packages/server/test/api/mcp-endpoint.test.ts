import { request as httpRequest } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, test } from "vitest";
import { bearer, claimsOf, send, signIn } from "./api-case.ts";
import { type McpPath, majors } from "./mcp-client.ts";
import { mcpWorld } from "./mcp-world.ts";

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

type Headed = Readonly<Record<string, string>>;

const accepts = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };

async function ask(
  { url }: TestServer,
  method: string,
  headers: Headed = {},
  body?: unknown,
  path = "/mcp",
): Promise<Reply> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = { method, headers, ...(body !== undefined && { body: text }) };
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const post = (server: TestServer, body: unknown, headers: Headed = {}, path: McpPath = "/mcp") =>
  ask(server, "POST", { ...accepts, ...headers }, body, path);

interface Raw {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
  readonly text: string;
}

/** Sends a request with another `Host`, which `fetch` does not allow. */
function askAs(server: TestServer, host: string, method: "GET" | "POST", path: string): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const headers = { ...accepts, host };
    const sent = httpRequest(`${server.url}${path}`, { method, headers }, async (answer) => {
      let text = "";
      for await (const chunk of answer) text += String(chunk);
      resolve({ status: answer.statusCode, challenge: answer.headers["www-authenticate"], text });
    });
    sent.on("error", reject).end(method === "POST" ? JSON.stringify(list) : undefined);
  });
}

const postTo = async (server: TestServer, host: string) =>
  (await askAs(server, host, "POST", "/mcp/token-field")).status;

const metadata = "/.well-known/oauth-protected-resource";
/** The paths of the metadata, each with the path of the endpoint that it describes. */
const places: readonly (readonly [string, McpPath])[] = [
  [metadata, "/mcp"],
  [`${metadata}/mcp`, "/mcp"],
  [`${metadata}/mcp/token-field`, "/mcp/token-field"],
];

describe("the endpoint", () => {
  test.each([
    ["off", { MCP: "off" }],
    ["off beyond this machine by default", { HOST: "0.0.0.0" }],
  ])("%s: the endpoints and their metadata answer like unknown routes", async (_name, settings) => {
    await using server = await testServer(settings);
    for (const path of ["/mcp", "/mcp/token-field", ...places.map(([place]) => place)]) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const { status, text } = await ask(
          server,
          method,
          accepts,
          method === "POST" ? list : undefined,
          path,
        );
        expect([status, JSON.parse(text)], `${method} ${path}`).toEqual([
          404,
          { detail: "Resource not found", message: "Resource not found", code: "not_found" },
        ]);
      }
    }
  });

  test("can be turned on beyond this machine, under any name", async () => {
    await using server = await testServer({ HOST: "0.0.0.0", MCP: "on" });
    expect(await postTo(server, "login.internal:8000")).toBe(200);
  });

  test.each(["PUT", "PATCH"])("does not allow %s", async (method) => {
    await using server = await testServer();
    expect((await ask(server, method, accepts, list)).status).toBe(405);
  });

  test("is explained in the OpenAPI document, which lists no operation for it", async () => {
    await using server = await testServer();
    const { text } = await ask(server, "GET", {}, undefined, "/openapi.json");
    const { info, paths } = JSON.parse(text);
    expect(Object.keys(paths).filter((path) => path.includes("mcp"))).toEqual([]);
    expect(info.description).toContain(`\`${server.url}/mcp\` is an MCP server over Streamable HTTP`);
    await using off = await testServer({ MCP: "off" });
    const without = JSON.parse((await ask(off, "GET", {}, undefined, "/openapi.json")).text);
    expect(without.info.description).toContain("The built-in MCP tools of this server are off");
  });
});

/** The messages with which clients of all revisions begin, and a call. */
const probes = [
  [
    "initialize",
    { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } },
  ],
  ["server/discover", {}],
  ["ping", {}],
  ["notifications/initialized", {}],
  ["tools/list", {}],
  ["tools/call", { name: "who_am_i", arguments: {} }],
  ["prompts/list", {}],
] as const;

describe("without a bearer header", () => {
  test.each(probes)("%s gets the challenge that makes a client sign in", async (method, params) => {
    await using server = await testServer();
    const { status, headers, text } = await post(server, { jsonrpc: "2.0", id: 1, method, params });
    expect([status, JSON.parse(text)["code"]]).toEqual([401, "missing_token"]);
    const described = `${server.url}${metadata}/mcp`;
    expect(headers.get("www-authenticate")).toBe(`Bearer resource_metadata="${described}"`);
    expect((await fetch(described)).status).toBe(200);
  });

  test.each(["GET", "HEAD", "DELETE"])("%s gets the same", async (method) => {
    await using server = await testServer();
    const { status, headers } = await ask(server, method, accepts);
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toBe(`Bearer resource_metadata="${server.url}${metadata}/mcp"`);
  });

  test("a token in an argument of the call does not count", async () => {
    await using server = await testServer();
    const { access: token } = await signIn(server);
    const params = { name: "who_am_i", arguments: { token } };
    const { status, text } = await post(server, { jsonrpc: "2.0", id: 1, method: "tools/call", params });
    expect([status, JSON.parse(text)["code"]]).toEqual([401, "missing_token"]);
    expect(text).not.toContain(token);
  });

  test.each(probes)("the endpoint with a field for the token: %s", async (method, params) => {
    await using server = await testServer();
    const message = { jsonrpc: "2.0", ...(!method.startsWith("notif") && { id: 1 }), method, params };
    const { status, headers } = await post(server, message, {}, "/mcp/token-field");
    const isOpen = method !== "prompts/list";
    expect(status >= 200 && status < 300).toBe(isOpen);
    const described = `Bearer resource_metadata="${server.url}${metadata}/mcp/token-field"`;
    expect(headers.get("www-authenticate")).toBe(isOpen ? null : described);
  });

  test("the endpoint with a field for the token takes it there, or in the header", async () => {
    await using server = await testServer();
    const { access: token } = await signIn(server);
    const call = (args: object) => ({
      ...list,
      method: "tools/call",
      params: { name: "who_am_i", arguments: args },
    });
    const path = "/mcp/token-field";
    for (const answer of [
      await post(server, call({ token }), {}, path),
      await post(server, call({}), bearer(token), path),
    ]) {
      expect([answer.status, answer.text.includes("user:alice")]).toEqual([200, true]);
    }
  });
});

describe("the check of tokens", () => {
  test.each<[string, string, (token: string, server: TestServer) => unknown]>([
    ["malformed", "invalid_token", () => "a-canary-that-is-no-token"],
    ["expired", "token_expired", (token, server) => [token, server.advance(3_600_001)][0]],
    [
      "revoked",
      "token_revoked",
      async (token, server) => {
        await send(server, "/auth", { method: "POST", path: "/logout", headers: bearer(token) });
        return token;
      },
    ],
  ])("refuses a token that is %s, and repeats no part of it", async (_name, code, spoil) => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const token = String(await spoil(access, server));
    const { status, headers, text } = await post(server, list, bearer(token));
    expect([status, JSON.parse(text)["code"]]).toEqual([401, code]);
    expect(headers.get("www-authenticate")).toMatch(/^Bearer error="invalid_token".*resource_metadata=/);
    for (const part of token.split(".")) {
      expect(text).not.toContain(part);
      expect(JSON.stringify(server.logged())).not.toContain(part);
    }
  });

  test("refuses two good tokens in two headers", async () => {
    await using server = await testServer();
    const [alice, bob] = [await signIn(server), await signIn(server, "bob")];
    const rawHeaders = Object.entries(accepts).flat();
    for (const { access } of [alice, bob]) rawHeaders.push("authorization", `Bearer ${access}`);
    const status = await new Promise((resolve, reject) => {
      const options = { method: "POST", headers: ["host", new URL(server.url).host, ...rawHeaders] };
      const sent = httpRequest(`${server.url}/mcp`, options, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode));
      });
      sent.on("error", reject).end(JSON.stringify(list));
    });
    expect(status).toBe(401);
  });
});

describe("the metadata", () => {
  test.each(places)("at %s describes %s to every page", async (path, endpoint) => {
    await using server = await testServer();
    const { status, headers, text } = await ask(
      server,
      "GET",
      { origin: "https://any.example" },
      undefined,
      path,
    );
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      resource: `${server.url}${endpoint}`,
      // A client that signs in by OAuth never needs the field.
      ...(endpoint === "/mcp" && { authorization_servers: [server.url] }),
      bearer_methods_supported: ["header"],
    });
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    const head = await ask(server, "HEAD", {}, undefined, path);
    expect([head.status, head.text]).toEqual([200, ""]);
  });

  test.each(places)("at %s names no authorization server if OAuth is off", async (path, endpoint) => {
    await using server = await testServer({ OAUTH: "off" });
    const { text } = await ask(server, "GET", {}, undefined, path);
    expect(JSON.parse(text)).toEqual({
      resource: `${server.url}${endpoint}`,
      bearer_methods_supported: ["header"],
    });
  });

  test("names the authorization server by the name in its own metadata", async () => {
    await using server = await testServer({ ISSUER: "https://login.example.com" });
    const named = JSON.parse((await ask(server, "GET", {}, undefined, metadata)).text);
    const wellKnown = "/.well-known/oauth-authorization-server";
    const { issuer } = JSON.parse((await ask(server, "GET", {}, undefined, wellKnown)).text);
    expect(named).toMatchObject({ authorization_servers: [issuer] });
  });

  test("names the public address", async () => {
    await using server = await testServer({ ISSUER: "https://login.example.com" });
    const { text } = await ask(server, "GET", {}, undefined, metadata);
    expect(JSON.parse(text)).toMatchObject({
      resource: "https://login.example.com/mcp",
    });
    const { headers } = await post(server, { ...list, method: "prompts/list" });
    expect(headers.get("www-authenticate")).toContain(`"https://login.example.com${metadata}/mcp"`);
  });

  test.each(places)("at %s follows the loopback name that a client has dialled", async (path, endpoint) => {
    await using server = await testServer();
    const { port } = new URL(server.url);
    for (const name of ["localhost", "127.0.0.1", "[::1]"]) {
      const { text } = await askAs(server, `${name}:${port}`, "GET", path);
      expect(JSON.parse(text)).toMatchObject({ resource: `http://${name}:${port}${endpoint}` });
    }
    const { challenge } = await askAs(server, `localhost:${port}`, "POST", "/mcp");
    expect(challenge).toBe(`Bearer resource_metadata="http://localhost:${port}${metadata}/mcp"`);
  });

  test("never follows another name", async () => {
    await using server = await testServer({ ALLOWED_HOSTS: "login.internal" });
    const { port } = new URL(server.url);
    for (const host of [`login.internal:${port}`, `127.0.0.2:${port}`, "localhost:1"]) {
      const { text } = await askAs(server, host, "GET", `${metadata}/mcp`);
      expect(JSON.parse(text)).toMatchObject({ resource: `${server.url}/mcp` });
    }
  });

  test("of a public server keeps the public address for a program on its machine", async () => {
    await using server = await testServer({ ISSUER: "https://login.example.com" });
    const { text } = await askAs(server, "localhost", "GET", `${metadata}/mcp`);
    expect(JSON.parse(text)).toMatchObject({ resource: "https://login.example.com/mcp" });
  });
});

describe("access by pages and programs", () => {
  test("a page of a foreign origin gets 403", async () => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const origin = "https://evil.example";
    for (const method of ["POST", "GET", "OPTIONS"]) {
      const headers = { ...accepts, ...bearer(access), origin };
      const answer = await ask(server, method, headers, method === "POST" ? list : undefined);
      expect(answer.status, method).toBe(403);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test.each(["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example"])(
    "a page under the rebound name %j gets 421",
    async (host) => {
      await using server = await testServer();
      expect(await postTo(server, host)).toBe(421);
    },
  );

  test.each(["localhost:1", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "login.example.com"])(
    "a request to %s is accepted",
    async (host) => {
      await using server = await testServer({ ISSUER: "https://login.example.com" });
      expect(await postTo(server, host)).toBe(200);
    },
  );

  test("a page of this machine may call, and read a refusal", async () => {
    await using server = await testServer();
    const origin = "http://localhost:3000";
    const preflight = await ask(server, "OPTIONS", {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization, mcp-protocol-version",
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("mcp-protocol-version");
    const { headers } = await post(server, list, { origin, ...bearer("x") });
    expect(headers.get("access-control-allow-origin")).toBe(origin);
    expect(headers.get("access-control-expose-headers")).toContain("www-authenticate");
  });

  test.each([
    ["https://app.example", "https://app.example", 204],
    ["https://app.example", "https://other.example", 403],
    ["https://app.example", "http://localhost:3000", 403],
    ["*", "https://other.example", 204],
  ])("with LATCHKEY_CORS_ORIGINS=%s: from %s %i", async (allowed, origin, status) => {
    await using server = await testServer({ CORS_ORIGINS: allowed });
    const preflight = await ask(server, "OPTIONS", {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "mcp-method",
    });
    expect(preflight.status).toBe(status);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(status === 204 ? origin : null);
    if (status === 204) expect(preflight.headers.get("access-control-allow-headers")).toContain("mcp-method");
    const answer = await post(server, list, { origin });
    expect(answer.status).toBe(status === 204 ? 401 : 403);
    expect(answer.headers.get("access-control-allow-origin")).toBe(status === 204 ? origin : null);
  });
});

describe("a malformed request", () => {
  test.each<[string, number, Headed, unknown]>([
    ["over 16 KiB", 413, {}, { ...list, params: { _meta: { long: "x".repeat(16 * 1024) } } }],
    ["not JSON", 400, {}, "{"],
    ["no body", 400, {}, ""],
    ["of another content type", 415, { "content-type": "text/plain" }, list],
    ["compressed", 415, { "content-encoding": "gzip" }, list],
    ["not a message", 400, {}, { hello: "there" }],
    ["nested too deeply", 400, {}, `${"[".repeat(8000)}${"]".repeat(8000)}`],
    ["accepting HTML alone", 406, { accept: "text/html" }, list],
  ])("%s: status %i, and the answer repeats no input", async (_name, status, headers, body) => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const answer = await post(server, body, { ...bearer(access), ...headers });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain("xxxx");
    expect(answer.text).not.toContain("hello");
    expect(server.logged().filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  test("a batch is refused with a short answer, with and without a token", async () => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const batch = Array.from({ length: 100 }, (_one, id) => ({ ...list, id }));
    for (const [path, headers] of [
      ["/mcp/token-field", {}],
      ["/mcp/token-field", bearer(access)],
      ["/mcp", bearer(access)],
    ] as const) {
      const { status, text } = await post(server, batch, headers, path);
      expect([status, JSON.parse(text)["error"]["code"]]).toEqual([400, -32600]);
      expect(text.length).toBeLessThan(200);
    }
  });

  test("a stream without a request is refused", async () => {
    await using server = await testServer();
    const { access } = await signIn(server);
    for (const [path, headers] of [
      ["/mcp/token-field", accepts],
      ["/mcp/token-field", { ...accepts, ...bearer(access) }],
      ["/mcp", { ...accepts, ...bearer(access) }],
    ] as const) {
      expect((await ask(server, "GET", headers, undefined, path)).status).toBe(405);
      expect((await ask(server, "DELETE", headers, undefined, path)).status).toBe(405);
    }
  });
});

describe("connections", () => {
  test("a subscription to changes of the tools ends at once", async () => {
    await using server = await testServer();
    const { access } = await signIn(server);
    const client = new Client(
      { name: "test", version: "2.0.0" },
      {
        versionNegotiation: { mode: "auto" },
        listChanged: { tools: { onChanged: () => {} } },
      },
    );
    const requestInit = { headers: bearer(access) };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit }));
    expect(client.getServerCapabilities()).toEqual({ tools: { listChanged: false } });
    const subscription = await client.listen({ toolsListChanged: true });
    expect(await subscription.closed).toBe("graceful");
    await client.close();
  });
});

describe.each(majors)("a failure inside, for a client of major %i", (major) => {
  test("is answered with its code, and the log has the cause", async () => {
    await using world = await mcpWorld(major);
    const { client } = await world.as("root");
    const database = new DatabaseSync(world.server.database, { timeout: 5_000 });
    database.exec("alter table audit_events rename to audit_events_moved");
    expect(await client.call("disable_user", { user: "bob" })).toMatchObject({
      problem: "The database cannot be reached: try again shortly",
      code: "store_unavailable",
    });
    database.exec("alter table audit_events_moved rename to audit_events");
    database.exec("update users set roles = 'no list' where username = 'bob'");
    expect(await client.call("find_user", { user: "bob" })).toEqual({
      value: undefined,
      problem: "Internal server error",
      code: "internal_error",
    });
    database.close();
    const failures = world.server.logged().filter(({ msg }) => msg === "tool failed");
    expect(failures.map(({ code }) => code)).toEqual(["store_unavailable", "internal_error"]);
    expect(JSON.stringify(failures[1])).toContain("JSON");
  });

  test("undoes a change that cannot be audited", async () => {
    await using world = await mcpWorld(major);
    const { client } = await world.as("root");
    const alice = await world.as("alice");
    const database = new DatabaseSync(world.server.database, { timeout: 5_000 });
    database.exec("alter table audit_events rename to audit_events_moved");
    await client.call("disable_user", { user: "alice" });
    await client.call("end_user_sessions", { user: "alice" });
    await alice.client.call("end_my_session", { session_id: alice.sessionId });
    await alice.client.call("end_all_my_sessions");
    database.exec("alter table audit_events_moved rename to audit_events");
    database.close();
    expect((await alice.client.call("who_am_i")).value).toMatchObject({ active_status: true });
  });
});

test("an event names the address and the id of its request", async () => {
  await using server = await testServer({ TRUSTED_PROXIES: "127.0.0.1" });
  const { access } = await signIn(server);
  server.newEvents();
  const end = {
    ...list,
    method: "tools/call",
    params: { name: "end_my_session", arguments: { session_id: claimsOf(access)["sid"] } },
  };
  const forwarded = { "x-forwarded-for": "203.0.113.9", "x-request-id": "req-7" };
  const answer = await post(server, end, { ...bearer(access), ...forwarded });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("x-request-id")).toBe("req-7");
  expect(server.newEvents()).toMatchObject([
    { name: "session.ended", address: "203.0.113.9", request_id: "req-7", actor: "user:alice" },
  ]);
  expect(server.logged().at(-1)?.["actor"]).toBe("user:alice");
});
