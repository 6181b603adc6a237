import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient, type CallOptions, type Logger } from "../src/index.ts";
import {
  answers,
  type Behaviour,
  cuts,
  drips,
  hangs,
  losesAnswer,
  type MisbehavingServer,
  misbehavingServer,
  sendsRaw,
} from "./misbehaving-server.ts";

let server: MisbehavingServer;
let lines: unknown[];
beforeEach(async () => {
  server = await misbehavingServer();
  lines = [];
});
afterEach(() => server[Symbol.asyncDispose]());

/** The shortest password that a server accepts. */
const shortest = "c4n4ry!!";
const canary = "canary-8c1f6e4b2d";
const client = () => {
  const logger: Logger = { debug: (...given) => void lines.push(given) };
  return new AuthClient({ baseURL: server.url, retry: false, logger });
};

const sent: Readonly<Record<string, (options?: CallOptions) => Promise<unknown>>> = {
  "a password": (options) => client().login({ username: "alice", password: canary }, options),
  "a refresh token": (options) => client().refresh({ refreshToken: canary }, options),
  "the access token of a refresh": (options) => client().refresh({ currentToken: canary }, options),
  "the token of me": (options) => client().me({ token: canary, ...options }),
  "the token of logout": (options) => client().logout({ token: async () => canary, ...options }),
  "the token of the client": (options) => client().with({ token: canary }).me(options),
};

const echoes: readonly (readonly [string, unknown])[] = [
  ["message", { message: `No ${canary}, and again: ${canary}` }],
  ["detail", { detail: `Bearer ${canary} is no good` }],
  ["issues", { detail: [{ loc: ["body", canary], msg: `${canary} is wrong`, type: canary, input: canary }] }],
  ["code", { code: canary, message: "" }],
  ["HTML", `<html>${canary}</html>`],
  ["half of JSON", `{"message": "${canary}`],
  ["fields of a success", { access_token: 3, id: null, token: canary }],
];

/** Everything that printing an error shows, and the log. */
async function shown(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => new Error("This call should have failed"),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ kind: expect.any(String) });
  const views =
    error instanceof Error ? [error.message, error.stack, inspect(error.cause, { depth: 10 })] : [];
  return [
    ...views,
    String(error),
    inspect(error, { depth: 10 }),
    JSON.stringify(error),
    inspect(lines, { depth: 10 }),
  ].join("\n");
}

describe.each(Object.entries(sent))("%s is never printed", (name, send) => {
  describe.each([200, 302, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503])("after a %i", (status) => {
    test.each(echoes)("with an echo in its %s", async (_part, body) => {
      const headers = { location: `/?${canary}`, "x-echo": canary, "x-request-id": canary };
      // A logout accepts any 2xx.
      server.will(answers(status, body, headers));
      if (status === 200 && name === "the token of logout") return expect(send()).resolves.toBeDefined();
      const text = await shown(send());
      expect(text).toMatch(/"status":\d{3}/);
      expect(text).not.toContain(canary);
    });
  });

  test.each<readonly [string, Behaviour, CallOptions]>([
    ["is lost", losesAnswer, {}],
    ["is cut short", cuts(500, `{"message": "${canary}", "detail": "${canary}"}`), {}],
    ["never comes", hangs, { timeout: 30 }],
    ["never ends", drips, { timeout: 30 }],
    ["is not HTTP", sendsRaw(`HTTP/1.1 200 OK\r\nBad header ${canary}\r\n\r\n${canary}`), {}],
    ["has a broken body", sendsRaw(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${canary}\r\n`), {}],
    ["is aborted", hangs, { signal: AbortSignal.timeout(10) }],
  ])("if the response %s", async (_case, behaviour, options) => {
    server.will(behaviour);
    const text = await shown(send(options));
    expect(text).not.toContain(canary);
  });
});

test("the shortest possible password is redacted as well", async () => {
  server.will(answers(401, { message: `Wrong password: ${shortest}` }));
  const text = await shown(client().login({ username: "alice", password: shortest }));
  expect(text).toContain("Wrong password: …");
  expect(text).not.toContain(shortest);
});

test.each([
  ["user name", { username: canary, password: `${canary}-and-more` }],
  ["password", { username: `${canary}-and-more`, password: canary }],
])("a %s that begins the other value leaves no part of the password", async (_name, credentials) => {
  server.will(answers(401, { message: `Wrong: ${credentials.password}.` }));
  await expect(client().login(credentials)).rejects.toMatchObject({ message: "Wrong: …." });
});

test.each([
  ["code", { code: `no_${canary}` }, { "x-request-id": "r-1" }, { requestId: "r-1" }],
  ["requestId", { code: "wrong" }, { "x-request-id": `r-${canary}` }, { code: "wrong" }],
])("a %s that quotes a password is left out", async (left, body, headers, kept) => {
  server.will(answers(401, body, headers));
  const error = await client()
    .login({ username: "alice", password: canary })
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject(kept);
  expect(error).not.toHaveProperty(left);
});

test("the body still has the quoted value", async () => {
  server.will(answers(400, { message: canary }));
  const error = { data: { message: canary }, message: "…" };
  await expect(client().refresh({ refreshToken: canary })).rejects.toMatchObject(error);
});

describe("a token that is invalid in a header", () => {
  const bad = `${canary}\nx-more: 1`;

  test.each([
    ["me", () => client().me({ token: bad })],
    ["logout", () => client().logout({ token: async () => bad })],
    ["fetch", () => client().with({ token: bad }).fetch(server.url)],
  ])("is rejected by %s without being quoted or sent", async (_name, send) => {
    const error = await send().then(String, (reason: unknown) => inspect(reason, { depth: 10 }));
    expect(error).toContain("TypeError: Invalid token");
    expect(error).not.toContain(canary);
    expect(server.received).toHaveLength(0);
  });
});

test.each<readonly [string, string, CallOptions]>([
  ["a base URL with a password", "baseURL", { baseURL: `http://latchkey:${canary}@127.0.0.1:1` }],
  ["an invalid base URL", "baseURL", { baseURL: canary }],
  ["a base URL without a scheme", "baseURL", { baseURL: `${canary}:8000` }],
  ["an invalid header", "token or header", { headers: { "x-api-key": `${canary}\n${canary}` } }],
])("%s is rejected without being quoted or sent", async (_case, name, options) => {
  const fetch = async () => Response.json({});
  for (const send of Object.values(sent)) {
    const error = await send({ fetch, ...options }).then(String, (reason: unknown) =>
      inspect(reason, { depth: 10 }),
    );
    expect(error).toContain(`TypeError: Invalid ${name}`);
    expect(error).not.toContain(canary);
  }
  expect(lines).toHaveLength(Object.keys(sent).length);
});

describe("a cause of fetch that quotes", () => {
  const apiKey = "api-key-5d0c2e7b";
  const password = 'pass "word" & more';

  test.each([
    ["a password", password],
    ["a password below eight characters", "hunter2"],
    ["a password as JSON", JSON.stringify({ password })],
    ["a password in a URL", `https://login.example/?${new URLSearchParams({ password })}`],
    ["a password after its own beginning", `pass ${password}`],
    ["a header", `invalid header value: x-api-key: ${apiKey}`],
    ["a header as JSON", JSON.stringify({ headers: { "x-api-key": apiKey } })],
  ])("%s stays as it is, and is not quoted by the error", async (_case, quoted) => {
    const cause = new TypeError(quoted, { cause: Object.assign(new Error(quoted), { code: "ECONNRESET" }) });
    const auth = client().with({ fetch: () => Promise.reject(cause), headers: { "x-api-key": apiKey } });
    const given = quoted.includes("hunter2") ? quoted : password;
    const error: unknown = await auth
      .login({ username: "alice", password: given })
      .catch((reason: unknown) => reason);
    if (!(error instanceof Error)) throw new Error("This call should have failed");
    expect(error).toMatchObject({ message: `No response from ${server.url} (ECONNRESET)` });
    expect(error.cause).toBe(cause);
    expect(cause.message).toBe(quoted);
    const [withoutCause] = inspect(error).split("[cause]");
    for (const text of [String(error), error.stack, JSON.stringify(error), withoutCause, inspect(lines)])
      for (const secret of [password, JSON.stringify(password), "pass+%22word", "hunter2", apiKey])
        expect(text).not.toContain(secret);
  });
});
