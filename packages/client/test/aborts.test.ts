import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AuthClient, type CallOptions, type ClientOptions, type Middleware } from "../src/index.ts";
import { answers, drips, hangs, type MisbehavingServer, misbehavingServer } from "./misbehaving-server.ts";
import { verbs, welcome } from "./verbs.ts";

let server: MisbehavingServer;
beforeEach(async () => {
  server = await misbehavingServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const aborted = { kind: "aborted", name: "RequestAbortedError" };
const client = (options: ClientOptions = {}) => new AuthClient({ baseURL: server.url, ...options });

describe.each(Object.entries(verbs))("%s", (_name, verb) => {
  test("ends at once when it is aborted before an answer, and is not tried again", async () => {
    server.will(hangs);
    const controller = new AbortController();
    const call = verb(client(), { signal: controller.signal });
    await afterwards(() => controller.abort("enough"), server.arrived(1));
    await expect(call).rejects.toMatchObject({ ...aborted, cause: "enough" });
    expect(server.received).toHaveLength(1);
  });

  test("ends at once when it is aborted within a body, and is not tried again", async () => {
    server.will(drips);
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const middleware: Middleware = async (request, next) => {
      const response = await next(request);
      begun.resolve();
      return response;
    };
    const call = verb(client(), { signal: controller.signal, middleware: [middleware] });
    await afterwards(() => controller.abort("enough"), begun.promise);
    await expect(call).rejects.toMatchObject({ ...aborted, cause: "enough" });
    expect(server.received).toHaveLength(1);
  });

  test("ends at once when it is aborted while it waits to try again", async () => {
    server.will(answers(503, {}, { "retry-after": "50" }), answers(200, welcome));
    const controller = new AbortController();
    // What is told of an attempt is told before the wait that follows it.
    const logger = { debug: () => void setImmediate(() => controller.abort()) };
    await expect(verb(client(), { signal: controller.signal, logger })).rejects.toMatchObject(aborted);
    expect(server.received).toHaveLength(1);
  });

  test("sends nothing where it was aborted before", async () => {
    server.will(answers(200, welcome));
    await expect(verb(client(), { signal: AbortSignal.abort() })).rejects.toMatchObject(aborted);
    await verb(client());
    expect(server.received).toHaveLength(1);
  });

  test("is aborted by a signal of the client as well", async () => {
    server.will(hangs);
    const controller = new AbortController();
    const call = verb(client({ signal: controller.signal }));
    await afterwards(() => controller.abort(), server.arrived(1));
    await expect(call).rejects.toMatchObject(aborted);
  });

  test("ends when the client is closed, and so does every later one", async () => {
    server.will(hangs);
    const auth = client();
    const call = verb(auth);
    await afterwards(() => auth.close(), server.arrived(1));
    await expect(call).rejects.toMatchObject(aborted);
    await expect(verb(auth)).rejects.toMatchObject(aborted);
    expect(server.received).toHaveLength(1);
  });
});

test("closing a client ends a wait between two tries, and what its relatives do", async () => {
  server.will(answers(503, {}, { "retry-after": "50" }));
  const waiting = Promise.withResolvers<void>();
  const auth = client({ logger: { debug: () => void setImmediate(waiting.resolve) } });
  const call = auth.with({ timeout: 20_000 }).me();
  await afterwards(() => auth.close(), waiting.promise);
  await expect(call).rejects.toMatchObject(aborted);
});

test("what fetch has sent is aborted by its own signal, and not by closing the client", async () => {
  server.will(hangs);
  const auth = client({ token: "t" });
  const controller = new AbortController();
  const first = auth.fetch(server.url, { signal: controller.signal });
  await afterwards(() => controller.abort(), server.arrived(1));
  await expect(first).rejects.toMatchObject({ name: "AbortError" });
  const held = Promise.withResolvers<void>();
  server.will((...given) => void held.promise.then(() => answers(200, welcome)(...given)));
  const second = auth.fetch(server.url);
  await afterwards(() => auth.close(), server.arrived(2));
  held.resolve();
  expect((await second).status).toBe(200);
});

test("a client is closed where the block ends that it was made for", async () => {
  server.will(hangs);
  const calls: Promise<unknown>[] = [];
  {
    await using auth = client();
    calls.push(auth.me({ token: "t" }).result());
    await server.arrived(1);
  }
  expect(await calls[0]).toMatchObject({ ok: false, error: aborted });
});

test("one call that is aborted leaves the others alone", async () => {
  const controller = new AbortController();
  const held = Promise.withResolvers<void>();
  server.will(hangs, (...given) => void held.promise.then(() => answers(200, welcome)(...given)));
  const auth = client();
  const options: CallOptions = { token: "t", retry: false };
  const first = auth.me({ ...options, signal: controller.signal }).result();
  await server.arrived(1);
  const second = auth.me(options);
  await server.arrived(2);
  controller.abort();
  expect(await first).toMatchObject({ ok: false, error: aborted });
  held.resolve();
  await expect(second).resolves.toMatchObject({ id: "user:alice" });
});

test("many who wait at once are not taken for a leak: Node before 24 warns where more than ten hear one signal", async () => {
  server.will(answers(200, welcome));
  const auth = client({ token: "access-token" });
  const heard = vi.spyOn(AbortSignal.prototype, "addEventListener");
  await Promise.all(Array.from({ length: 20 }, () => auth.me()));
  const signals: readonly unknown[] = heard.mock.contexts;
  heard.mockRestore();
  const most = Math.max(...signals.map((signal) => signals.filter((each) => each === signal).length));
  expect(signals.length).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(10);
});

async function afterwards(then: () => void, event: Promise<void>): Promise<void> {
  await event;
  then();
}
