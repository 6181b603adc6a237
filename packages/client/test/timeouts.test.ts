import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AuthClient } from "../src/index.ts";
import { answers, drips, hangs, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { repeatable, unrepeatable, verbs, welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => {
  vi.useRealTimers();
  return server[Symbol.asyncDispose]();
});

const timeout = 300;
let heads = 0;
const fetch: typeof globalThis.fetch = async (...given) => {
  const response = await globalThis.fetch(...given);
  heads++;
  return response;
};
const client = () => new AuthClient({ baseURL: server.url, timeout, retry: { initialInterval: 0 }, fetch });

/** The client's timers stand still: on a busy machine a call would time out before its request has left. */
function stopTime() {
  heads = 0;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

/** Waits until so many requests have arrived, and so many heads of responses at the client. */
async function arrived(requests: number, responses: number) {
  while (server.received.length < requests || heads < responses) await new Promise(setImmediate);
}
const message = expect.stringMatching(/^No response from http:\/\/127\.0\.0\.1:\d+ within 300 ms$/);
const late = { kind: "timeout", name: "RequestTimeoutError", message };

describe.each(repeatable)("%s", (_name, verb) => {
  test.each([
    ["never answers", hangs, 0],
    ["never ends its body", drips, 1],
  ])("has a full timeout again after a server that %s", async (_case, behaviour, responses) => {
    stopTime();
    const answer = Promise.withResolvers<void>();
    server.will(behaviour, (...given) => void answer.promise.then(() => answers(200, welcome)(...given)));
    const call = verb(client()).result();
    await arrived(1, responses);
    await vi.advanceTimersByTimeAsync(timeout);
    // Fake timers take the wait of zero milliseconds before the retry for one.
    while (vi.getTimerCount() === 0) await new Promise(setImmediate);
    await vi.advanceTimersByTimeAsync(1);
    await arrived(2, responses);
    await vi.advanceTimersByTimeAsync(timeout - 2);
    answer.resolve();
    expect(await call).toMatchObject({ ok: true });
    expect(server.received).toHaveLength(2);
  });
});

describe.each(unrepeatable)("%s", (_name, verb) => {
  test.each([
    ["never answers", hangs, 0],
    ["never ends its body", drips, 1],
  ])("is not sent twice if the server %s", async (_case, behaviour, responses) => {
    stopTime();
    server.will(behaviour, answers(200, welcome));
    const call = verb(client()).result();
    await arrived(1, responses);
    await vi.advanceTimersByTimeAsync(timeout);
    expect(await call).toMatchObject({ ok: false, error: late });
    expect(server.received).toHaveLength(1);
  });
});

describe.each(Object.entries(verbs))("%s", (_name, verb) => {
  test("times out even if a custom fetch ignores its signal", async () => {
    const fetch = () => new Promise<Response>(() => {});
    await expect(verb(client(), { fetch, retry: false, timeout: 20 })).rejects.toMatchObject({
      kind: "timeout",
    });
  });

  test("times out even if a middleware never resolves", async () => {
    const middleware = [() => new Promise<Response>(() => {})];
    await expect(verb(client(), { middleware, retry: false, timeout: 20 })).rejects.toMatchObject({
      kind: "timeout",
    });
  });

  test("has no timeout with Infinity", async () => {
    server.will(answers(200, welcome));
    await expect(verb(client(), { timeout: Number.POSITIVE_INFINITY })).resolves.toMatchObject({});
  });
});

test("closes the connection to a server that is too slow", async () => {
  const closed = Promise.withResolvers<void>();
  server.will((_response, { socket }) => {
    if (socket.closed) closed.resolve();
    else socket.once("close", closed.resolve);
  });
  stopTime();
  const call = client().me({ retry: false }).result();
  await arrived(1, 0);
  await vi.advanceTimersByTimeAsync(timeout);
  expect(await call).toMatchObject({ ok: false, error: late });
  await closed.promise;
});
