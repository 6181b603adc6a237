import { join } from "node:path";
import { type Demo, startDemo, withOtherSignature } from "@latchkey/testkit/demo";
import { isIn } from "@latchkey/testkit/mcp/tokens";
import { type Program, Programs } from "@latchkey/testkit/programs";
import { logout, signIn } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { incompleteRequest } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "../src/main.ts");
const place = new Place();
const programs = new Programs();
let issuer: string;
let tokens: Demo["tokens"];
let api: Program;
let url: string;

beforeAll(async () => {
  ({ issuer, tokens } = await startDemo(place));
  api = programs.script(main, { PORT: "0", LATCHKEY_ISSUER: issuer });
  url = await api.says(/^notes at (http:\S+\/notes), /);
}, 60_000);

interface Call {
  readonly path?: string;
  readonly token?: string | undefined;
  readonly body?: object;
}

/** Sends a request. @returns status, challenge and body of the response */
async function ask(method: string, { path = "", token, body }: Call = {}) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const challenge = response.headers.get("www-authenticate");
  return { status: response.status, challenge, body: text === "" ? undefined : JSON.parse(text) };
}

async function notesOf(token: string): Promise<readonly string[]> {
  const { body } = await ask("GET", { token });
  return body.notes.map(({ text }: { readonly text: string }) => text);
}

async function add(token: string, text: string): Promise<{ readonly id: string; readonly owner: string }> {
  const { status, body } = await ask("POST", { token, body: { text } });
  expect(status).toBe(201);
  return body;
}

describe("a request without a valid token", () => {
  test.each([
    ["GET", {}],
    ["POST", { body: { text: "a" } }],
    ["DELETE", {}],
    ["DELETE", { path: "/some-id" }],
    ["GET", { path: "/nothing-here" }],
  ] as const)("%s %j gets 401 missing_token", async (method, asked) => {
    expect(await ask(method, asked)).toMatchObject({
      status: 401,
      challenge: "Bearer",
      body: { code: "missing_token" },
    });
  });

  test.each([
    ["a bearer that is not a token", () => "a-canary-that-is-no-token"],
    ["a token with a changed letter", () => withOtherSignature(tokens.alice)],
  ])("is refused with %s", async (_case, token) => {
    const { status, challenge, body } = await ask("GET", { token: token() });
    expect({ status, code: body.code }).toEqual({ status: 401, code: "invalid_token" });
    expect(challenge).toMatch(/^Bearer error="invalid_token"/);
  });

  test("ignores a token in the URL", async () => {
    const { status, body } = await ask("GET", { path: `?access_token=${tokens.alice}` });
    expect({ status, code: body.code }).toEqual({ status: 401, code: "missing_token" });
  });
});

describe("a user's own notes", () => {
  test("can be written, read and removed", async () => {
    const note = await add(tokens.alice, "buy milk");
    expect(note.owner).toBe("user:alice");
    expect(await notesOf(tokens.alice)).toContain("buy milk");
    const removed = await ask("DELETE", { path: `/${note.id}`, token: tokens.alice });
    expect(removed.status).toBe(204);
    expect(await notesOf(tokens.alice)).not.toContain("buy milk");
  });

  test("cannot be read or removed by others, not even an administrator", async () => {
    const note = await add(tokens.alice, "for nobody else");
    expect(await notesOf(tokens.admin)).not.toContain("for nobody else");
    expect((await ask("DELETE", { path: `/${note.id}`, token: tokens.admin })).status).toBe(404);
    expect((await ask("DELETE", { path: "/no-such-note", token: tokens.admin })).status).toBe(404);
    expect(await notesOf(tokens.alice)).toContain("for nobody else");
  });

  test("must have a text", async () => {
    expect((await ask("POST", { token: tokens.alice, body: { txt: "a" } })).status).toBe(400);
  });
});

test("only an administrator removes all notes; others get no challenge", async () => {
  await add(tokens.alice, "stays for now");
  const { status, challenge, body } = await ask("DELETE", { token: tokens.alice });
  expect({ status, challenge, code: body.code }).toEqual({ status: 403, challenge: null, code: "forbidden" });
  const before = await notesOf(tokens.alice);
  expect(before).toContain("stays for now");

  const removed = await ask("DELETE", { token: tokens.admin });
  expect(removed).toMatchObject({ status: 200, body: { removed: before.length } });
  expect(await notesOf(tokens.alice)).toEqual([]);
});

test("a token is refused within a second after its logout", async () => {
  const { access } = await signIn(issuer, "alice", "alice123");
  expect((await ask("GET", { token: access })).status).toBe(200);
  expect((await logout(issuer, access)).status).toBe(200);
  await until("the API refuses it", async () => (await ask("GET", { token: access })).status === 401);
  const { challenge, body } = await ask("GET", { token: access });
  expect(challenge).toContain('error="invalid_token"');
  expect(body).toMatchObject({ code: "token_revoked" });
  expect((await ask("GET", { token: tokens.alice })).status).toBe(200);
});

test.each(["SIGINT", "SIGTERM"] as const)("exits cleanly on %s, with open connections", async (signal) => {
  const program = programs.script(main, { PORT: "0", LATCHKEY_ISSUER: issuer });
  const at = await program.says(/^notes at (http:\S+\/notes), /);
  const headers = { authorization: `Bearer ${tokens.alice}` };
  expect((await fetch(at, { headers })).status).toBe(200);
  using _slow = await incompleteRequest(at);
  expect(await program.stop(signal)).toEqual({ status: 0, signal: null });
});

test("no token is written to stdout or stderr", async () => {
  await api.stop("SIGTERM");
  const written = api.stdout() + api.stderr();
  expect(written).toContain(url);
  for (const token of Object.values(tokens)) expect(isIn(written, token)).toBe(false);
});
