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
  test("an abort before the response ends it at once, without a retry", async () => {
    server.will(hangs);
    const controller = new AbortController();
    const call = verb(client(), { signal: controller.signal });
    await afterwards(() => controller.abort("enough"), server.arrived(1));
    await expect(call).rejects.toMatchObject({ ...aborted, cause: "enough" });
    expect(server.received).toHaveLength(1);
  });

  test("an abort within the body ends it at once, without a retry", async () => {
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

  test("an abort during the wait before a retry ends it at once", async () => {
    server.will(answers(503, {}, { "retry-after": "50" }), answers(200, welcome));
    const controller = new AbortController();
    // The logger is called before the wait that follows an attempt.
    const logger = { debug: () => void setImmediate(() => controller.abort()) };
    await expect(verb(client(), { signal: controller.signal, logger })).rejects.toMatchObject(aborted);
    expect(server.received).toHaveLength(1);
  });

  test("sends nothing if the signal is already aborted", async () => {
    server.will(answers(200, welcome));
    await expect(verb(client(), { signal: AbortSignal.abort() })).rejects.toMatchObject(aborted);
    await verb(client());
    expect(server.received).toHaveLength(1);
  });

  test("the signal of the client aborts it as well", async () => {
    server.will(hangs);
    const controller = new AbortController();
    const call = verb(client({ signal: controller.signal }));
    await afterwards(() => controller.abort(), server.arrived(1));
    await expect(call).rejects.toMatchObject(aborted);
  });

  test("closing the client ends it and every later call", async () => {
    server.will(hangs);
    const auth = client();
    const call = verb(auth);
    await afterwards(() => auth.close(), server.arrived(1));
    await expect(call).rejects.toMatchObject(aborted);
    await expect(verb(auth)).rejects.toMatchObject(aborted);
    expect(server.received).toHaveLength(1);
  });
});

test("closing a client ends waits for a retry and the calls of its relatives", async () => {
  server.will(answers(503, {}, { "retry-after": "50" }));
  const waiting = Promise.withResolvers<void>();
  const auth = client({ logger: { debug: () => void setImmediate(waiting.resolve) } });
  const call = auth.with({ timeout: 20_000 }).me();
  await afterwards(() => auth.close(), waiting.promise);
  await expect(call).rejects.toMatchObject(aborted);
});

describe.each(["signal", "close"] as const)("after %s, an invalid value is not read:", (way) => {
  const invalid = "token\nx-more: 1";
  const calls: Readonly<Record<string, (auth: AuthClient) => Promise<unknown>>> = {
    "a token of me": (auth) => auth.me({ token: invalid }),
    "a token of logout": (auth) => auth.logout({ token: invalid }),
    "a token without a text": (auth) => auth.me({ token: JSON.parse('{"toString": 1}') }),
    "a token function that throws": (auth) => auth.me({ token: () => Promise.reject(new Error("no token")) }),
    "a token function of logout": (auth) =>
      auth.logout({ token: () => Promise.reject(new Error("no token")) }),
    "a header": (auth) => verbs.login(auth, { headers: { "x-more": "1\n2" } }),
    "a base URL": (auth) => verbs.refresh(auth, { baseURL: "no URL" }),
  };

  test.each(Object.entries(calls))("%s", async (_name, call) => {
    const auth = client(way === "signal" ? { signal: AbortSignal.abort() } : {});
    if (way === "close") auth.close();
    await expect(call(auth)).rejects.toMatchObject(aborted);
    expect(server.received).toHaveLength(0);
  });
});

test("a request of fetch is aborted by its own signal, but not by close()", async () => {
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

test("await using closes the client at the end of the block", async () => {
  server.will(hangs);
  const calls: Promise<unknown>[] = [];
  {
    await using auth = client();
    calls.push(auth.me({ token: "t" }).result());
    await server.arrived(1);
  }
  expect(await calls[0]).toMatchObject({ ok: false, error: aborted });
});

test("aborting one call leaves the others alone", async () => {
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

test("no AbortSignal gets more than ten listeners from concurrent calls", async () => {
  server.will(answers(200, welcome));
  const auth = client({ token: "access-token" });
  // Node before 24 warns of a leak from the eleventh listener on.
  using heard = vi.spyOn(AbortSignal.prototype, "addEventListener");
  await Promise.all(Array.from({ length: 20 }, () => auth.me()));
  const signals: readonly unknown[] = heard.mock.contexts;
  const most = Math.max(...signals.map((signal) => signals.filter((each) => each === signal).length));
  expect(signals.length).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(10);
});

async function afterwards(then: () => void, event: Promise<void>): Promise<void> {
  await event;
  then();
}
