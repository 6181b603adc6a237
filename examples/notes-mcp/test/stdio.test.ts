import { join } from "node:path";
import { type Demo, startDemo } from "@latchkey/testkit/demo";
import { isIn } from "@latchkey/testkit/mcp/tokens";
import { type Program, Programs } from "@latchkey/testkit/programs";
import { Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, expect, test } from "vitest";

const place = new Place();
const programs = new Programs();
let demo: Demo;

beforeAll(async () => {
  demo = await startDemo(place);
}, 60_000);

/** Starts the server and initializes it, like a client of an earlier protocol revision. */
async function start(): Promise<Program> {
  const env = { LATCHKEY_ISSUER: demo.issuer, NOTES_TOKEN: demo.tokens.alice };
  const server = programs.script(join(import.meta.dirname, "../src/stdio.ts"), env);
  const clientInfo = { name: "a test", version: "1.0.0" };
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
  server.tell(JSON.stringify({ jsonrpc: "2.0", id: "hello", method: "initialize", params }));
  await server.says(/("id":"hello")/);
  server.tell(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
  return server;
}

function call(id: string, name: unknown, args: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } });
}

test("exits cleanly after its client has closed the pipe", async () => {
  const server = await start();
  server.tell(call("first", "add_note", { text: "buy milk" }));
  await server.says(/("id":"first")/);
  expect(await server.finish()).toEqual({ status: 0, signal: null });
});

test.each(["SIGINT", "SIGTERM"] as const)("exits cleanly on %s", async (signal) => {
  expect(await (await start()).stop(signal)).toEqual({ status: 0, signal: null });
});

test("exits cleanly without any client", async () => {
  const env = { LATCHKEY_ISSUER: demo.issuer };
  const server = programs.shell("node_modules/.bin/node examples/notes-mcp/src/stdio.ts < /dev/null", env);
  expect(await server.finish()).toEqual({ status: 0, signal: null });
  expect(server.stdout() + server.stderr()).toBe("");
});

test("any input gives only protocol messages and audit lines, and no token", async () => {
  const { alice, admin } = demo.tokens;
  const server = await start();
  for (const line of [
    admin,
    `{"token":"${admin}"`,
    `{"token":"${admin}"}`,
    call("a", admin, { token: admin }),
    call("b", "add_note", { text: admin.length, token: admin }),
    call("c", "add_note", { text: "a", token: [admin] }),
    call("d", "add_note", { text: "a", token: `${admin}x` }),
    call("e", { token: admin }, { token: admin }),
    JSON.stringify({ jsonrpc: "2.0", id: "f", method: "resources/read", params: { uri: admin } }),
    call("last", "add_note", { text: "a", token: admin }),
  ]) {
    server.tell(line);
  }
  await server.says(/("id":"last")/);
  await server.finish();

  for (const line of server.stdout().trimEnd().split("\n")) expect(JSON.parse(line).jsonrpc).toBe("2.0");
  const audit = server.stderr().trimEnd().split("\n");
  for (const line of audit) expect(JSON.parse(line).outcome).toMatch(/^(allowed|denied)$/);
  expect(audit.join()).toContain('"outcome":"allowed"');
  for (const token of [alice, admin]) expect(isIn(server.stdout() + server.stderr(), token)).toBe(false);
});
