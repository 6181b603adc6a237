import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { type Demo, startDemo } from "@latchkey/testkit/demo";
import { connect } from "@latchkey/testkit/mcp/notes-clients";
import { type Program, Programs } from "@latchkey/testkit/programs";
import { Place } from "@latchkey/testkit/server/server-process";
import { incompleteRequest } from "@latchkey/testkit/sockets";
import { beforeAll, expect, test } from "vitest";

const place = new Place();
const programs = new Programs();
let demo: Demo;
let server: Program;
let url: string;

async function start(): Promise<{ readonly program: Program; readonly at: string }> {
  const env = { LATCHKEY_ISSUER: demo.issuer, PORT: "0" };
  const program = programs.script(join(import.meta.dirname, "../src/http.ts"), env);
  return { program, at: await program.says(/^notes at (http:\S+\/mcp), /) };
}

beforeAll(async () => {
  demo = await startDemo(place);
  ({ program: server, at: url } = await start());
}, 60_000);

test.each([
  ["", ""],
  ["/mcp", ""],
  ["/mcp/token-field", "/token-field"],
])("serves its metadata at the well-known path with %j appended", async (path, endpoint) => {
  expect(server.stdout()).toBe(`notes at ${url}, with logins from ${demo.issuer}\n`);
  const response = await fetch(new URL(`/.well-known/oauth-protected-resource${path}`, url));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    resource: `${url}${endpoint}`,
    ...(endpoint === "" && { authorization_servers: [demo.issuer] }),
    bearer_methods_supported: ["header"],
  });
});

test.each(["initialize", "tools/list", "tools/call"])(
  "makes a client sign in that sends %s without a token",
  async (method) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { name: "add_note" } });
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const response = await fetch(url, { method: "POST", headers, body });
    expect(response.status).toBe(401);
    const metadata = new URL("/.well-known/oauth-protected-resource/mcp", url);
    expect(response.headers.get("www-authenticate")).toBe(`Bearer resource_metadata="${metadata}"`);
  },
);

test.each([1, 2] as const)("a client of major %i calls the tools with a header", async (major) => {
  const headers = { authorization: `Bearer ${demo.tokens.alice}` };
  await using client = await connect(major, { url, headers });
  expect(await client.list()).toHaveLength(2);
  const { content } = await client.call("add_note", { text: "with a header" });
  expect(JSON.parse(content[0]?.text ?? "")).toMatchObject({ owner: "alice", text: "with a header" });
});

test("points to its metadata in a 401", async () => {
  const response = await fetch(url, { method: "POST", headers: { authorization: "Bearer a-canary" } });
  expect(response.status).toBe(401);
  const metadata = new URL("/.well-known/oauth-protected-resource/mcp", url);
  const challenge = response.headers.get("www-authenticate");
  expect(challenge).toContain('error="invalid_token"');
  expect(challenge).toContain(`resource_metadata="${metadata}"`);
});

test("refuses two Authorization headers with valid tokens", async () => {
  const { alice, admin } = demo.tokens;
  const tokens = ["authorization", `Bearer ${admin}`, "authorization", `Bearer ${alice}`];
  const headers = ["host", new URL(url).host, ...tokens];
  const [response] = await once(request(url, { method: "POST", headers }).end(), "response");
  response.resume();
  expect(response.statusCode).toBe(401);
});

test.each(["/", "/mcp/more", "/mcp/token-field/", "/mcpx", "//", "/.well-known/openid-configuration"])(
  "serves nothing at %s",
  async (path) => {
    const init = { headers: { authorization: `Bearer ${demo.tokens.alice}` } };
    expect((await fetch(new URL(url).origin + path, init)).status).toBe(404);
  },
);

test.each(["SIGINT", "SIGTERM"] as const)("exits cleanly on %s, with open connections", async (signal) => {
  const { program, at } = await start();
  const headers = { authorization: `Bearer ${demo.tokens.alice}` };
  await using newest = await connect(2, { url: at, headers });
  await using older = await connect(1, { url: at, headers });
  for (const client of [newest, older]) expect(await client.list()).toHaveLength(2);
  using _slow = await incompleteRequest(at);
  expect(await program.stop(signal)).toEqual({ status: 0, signal: null });
});
