import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuthClient } from "../src/index.ts";
import { answers, drips, hangs, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { repeatable, unrepeatable, verbs, welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const timeout = 300;
const client = () => new AuthClient({ baseURL: server.url, timeout, retry: { initialInterval: 0 } });
const late = { kind: "timeout", name: "RequestTimeoutError", message: "No whole answer within 300 ms" };

describe.each(repeatable)("%s", (_name, verb) => {
  test.each([
    ["never answers", hangs],
    ["never ends its body", drips],
  ])("has the whole timeout again after a server that %s", async (_what, behaviour) => {
    server.will(behaviour, answers(200, welcome));
    await expect(verb(client())).resolves.toMatchObject({});
    expect(server.received).toHaveLength(2);
  });
});

describe.each(unrepeatable)("%s", (_name, verb) => {
  test.each([
    ["never answers", hangs],
    ["never ends its body", drips],
  ])("is not done twice where the server %s", async (_what, behaviour) => {
    server.will(behaviour, answers(200, welcome));
    await expect(verb(client())).rejects.toMatchObject(late);
    expect(server.received).toHaveLength(1);
  });
});

describe.each(Object.entries(verbs))("%s", (_name, verb) => {
  test("times out even if a fetch that was brought along knows no signal", async () => {
    const fetch = () => new Promise<Response>(() => {});
    await expect(verb(client(), { fetch, retry: false, timeout: 20 })).rejects.toMatchObject({
      kind: "timeout",
    });
  });

  test("times out even if a middleware never answers", async () => {
    const middleware = [() => new Promise<Response>(() => {})];
    await expect(verb(client(), { middleware, retry: false, timeout: 20 })).rejects.toMatchObject({
      kind: "timeout",
    });
  });

  test("takes a timeout of Infinity for none", async () => {
    server.will(answers(200, welcome));
    await expect(verb(client(), { timeout: Number.POSITIVE_INFINITY })).resolves.toMatchObject({});
  });
});

test("closes the connection to a server that was too slow", async () => {
  const closed = Promise.withResolvers<void>();
  server.will((_response, { socket }) => {
    if (socket.closed) closed.resolve();
    else socket.once("close", closed.resolve);
  });
  // On a busy machine a call can time out before its request has left.
  while (server.received.length === 0) {
    await expect(client().me({ retry: false })).rejects.toMatchObject(late);
  }
  await closed.promise;
});
