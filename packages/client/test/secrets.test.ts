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

/** As short as a password can be that a server lets somebody choose. */
const shortest = "c4n4ry!!";
const canary = "canary-8c1f6e4b2d";
const client = () => {
  const logger: Logger = { debug: (...given) => void lines.push(given) };
  return new AuthClient({ baseURL: server.url, retry: false, logger });
};

const sent: Readonly<Record<string, (options?: CallOptions) => Promise<unknown>>> = {
  "a password": (options) => client().login({ username: "alice", password: canary }, options),
  "a refresh token": (options) => client().refresh({ refreshToken: canary }, options),
  "an access token that is to be traded": (options) => client().refresh({ currentToken: canary }, options),
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

/** All that is shown of an error where nobody asks for its body or headers. */
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

describe.each(Object.entries(sent))("%s is never shown", (what, send) => {
  describe.each([200, 302, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503])("after a %i", (status) => {
    test.each(echoes)("that quotes it in its %s", async (_where, body) => {
      const headers = { location: `/?${canary}`, "x-echo": canary, "x-request-id": canary };
      // A logout takes any success for one.
      server.will(answers(status, body, headers));
      if (status === 200 && what === "the token of logout") return expect(send()).resolves.toBeDefined();
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
    ["is no HTTP", sendsRaw(`HTTP/1.1 200 OK\r\nBad header ${canary}\r\n\r\n${canary}`), {}],
    ["has a broken body", sendsRaw(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${canary}\r\n`), {}],
    ["is aborted", hangs, { signal: AbortSignal.timeout(10) }],
  ])("where the answer %s", async (_what, behaviour, options) => {
    server.will(behaviour);
    const text = await shown(send(options));
    expect(text).not.toContain(canary);
  });
});

test("the shortest password there can be is blotted out as well", async () => {
  server.will(answers(401, { message: `Wrong password: ${shortest}` }));
  const text = await shown(client().login({ username: "alice", password: shortest }));
  expect(text).toContain("Wrong password: …");
  expect(text).not.toContain(shortest);
});

test("what was quoted is there for who asks for the body", async () => {
  server.will(answers(400, { message: canary }));
  const error = { data: { message: canary }, message: "…" };
  await expect(client().refresh({ refreshToken: canary })).rejects.toMatchObject(error);
});

describe("a token that no header can hold", () => {
  const bad = `${canary}\nx-more: 1`;

  test.each([
    ["me", () => client().me({ token: bad })],
    ["logout", () => client().logout({ token: async () => bad })],
    ["fetch", () => client().with({ token: bad }).fetch(server.url)],
  ])("is refused by %s without being quoted, and nothing is sent", async (_name, send) => {
    const error = await send().then(String, (reason: unknown) => inspect(reason, { depth: 10 }));
    expect(error).toContain("TypeError: Invalid token");
    expect(error).not.toContain(canary);
    expect(server.received).toHaveLength(0);
  });
});

test.each<readonly [string, CallOptions]>([
  ["a base URL that holds a password", { baseURL: `http://latchkey:${canary}@127.0.0.1:1` }],
  ["a base URL that is none", { baseURL: canary }],
  ["a header that cannot be sent", { headers: { "x-api-key": `${canary}\n${canary}` } }],
])("%s is refused without being quoted, and nothing is sent", async (_what, options) => {
  const fetch = async () => Response.json({});
  for (const send of Object.values(sent)) {
    const error = await send({ fetch, ...options }).then(String, (reason: unknown) =>
      inspect(reason, { depth: 10 }),
    );
    expect(error).toContain("TypeError: Invalid token, header or baseURL");
    expect(error).not.toContain(canary);
  }
  expect(lines).toHaveLength(Object.keys(sent).length);
});
