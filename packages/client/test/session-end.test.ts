import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { AuthClient, memoryStore, type SessionEnd } from "../src/index.ts";
import { alice } from "./session-world.ts";
import { type Reply, type TokenServer, tokenServer } from "./token-server.ts";

let server: TokenServer;
let refreshes: (Reply | (() => Reply))[];
beforeAll(async () => {
  let issued = 0;
  const tokens = () => ({
    status: 200,
    body: {
      access_token: `access-${++issued}`,
      refresh_token: `refresh-${issued}`,
      expires_in: 100,
    },
  });
  server = await tokenServer({
    "POST /auth/login": tokens,
    "POST /auth/refresh": () => {
      const next = refreshes.shift() ?? tokens;
      return typeof next === "function" ? next() : next;
    },
  });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  refreshes = [];
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => void vi.useRealTimers());

const pass = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1000);

async function signedIn() {
  const store = memoryStore();
  const auth = new AuthClient({ baseURL: server.url, retry: false, store });
  const ends: SessionEnd[] = [];
  auth.onSessionEnd((end) => void ends.push(end));
  await auth.login(alice);
  return { auth, store, ends };
}

describe.each<[string, () => void | Promise<void>, string]>([
  ["a 503", () => void refreshes.push({ status: 503 }), "server"],
  ["a 429", () => void refreshes.push({ status: 429 }), "rate_limit"],
  ["a response that is cut short", () => void refreshes.push("cut"), "connection"],
  ["a response without a token", () => void refreshes.push({ status: 200, body: {} }), "response_validation"],
  ["a stopped server", () => server.stop(), "connection"],
])("%s during a refresh", (_name, fail, kind) => {
  afterEach(async () => {
    if (kind === "connection") await server.stop().then(server.start);
  });

  test("leaves the token in use until it expires", async () => {
    const { auth, store, ends } = await signedIn();
    const token = await auth.token();
    const kept = await store.get();
    pass(90);
    await fail();
    expect(await auth.token()).toBe(token);
    expect(await store.get()).toEqual(kept);
    if (kind === "connection") await server.stop().then(server.start);
    pass(6);
    expect(await auth.token()).not.toBe(token);
    expect(ends).toEqual([]);
  });

  test("rejects after the expiry, but the session goes on later", async () => {
    const { auth, store, ends } = await signedIn();
    const token = await auth.token();
    const kept = await store.get();
    pass(100);
    await fail();
    await expect(auth.token()).rejects.toMatchObject({ kind });
    expect(await store.get()).toEqual(kept);
    if (kind === "connection") await server.stop().then(server.start);
    expect(await auth.token()).not.toBe(token);
    expect(ends).toEqual([]);
  });
});

test("a token that expires during a failed refresh is not returned", async () => {
  const { auth } = await signedIn();
  pass(90);
  refreshes.push(() => {
    pass(10);
    return { status: 503 };
  });
  await expect(auth.token()).rejects.toMatchObject({ kind: "server" });
});

describe.each([
  [400, "bad_request"],
  [401, "unauthorized"],
  [403, "forbidden"],
])("a refresh that is refused with %i", (status, kind) => {
  test.each([
    ["before the token expires", 90],
    ["after the token expired", 200],
  ])("%s ends the session, with one event and its reason", async (_name, seconds) => {
    const { auth, store, ends } = await signedIn();
    pass(seconds);
    refreshes.push({ status, body: { detail: "No more" } });
    const outcomes = await Promise.allSettled([auth.token(), auth.token(), auth.token()]);
    expect(outcomes).toEqual(
      Array(3).fill({ status: "rejected", reason: expect.objectContaining({ kind, message: "No more" }) }),
    );
    expect(await store.get()).toBeUndefined();
    expect(ends).toEqual([{ reason: "refused", error: expect.objectContaining({ kind, status }) }]);
    await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  });
});

test("a removed listener is not called", async () => {
  const { auth, ends } = await signedIn();
  const others: SessionEnd[] = [];
  const stop = auth.onSessionEnd((end) => void others.push(end));
  stop();
  stop();
  pass(200);
  refreshes.push({ status: 401 });
  await auth.token().catch(() => {});
  expect(ends).toHaveLength(1);
  expect(others).toEqual([]);
});

test("a listener that throws stops no other and changes no outcome", async () => {
  const usual = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  const unhandled = new Promise((resolve) => void process.once("unhandledRejection", resolve));
  try {
    const { auth, store } = await signedIn();
    const ends: SessionEnd[] = [];
    auth.onSessionEnd(() => {
      throw new Error("a fault in a listener");
    });
    auth.onSessionEnd((end) => void ends.push(end));
    pass(200);
    refreshes.push({ status: 401 });
    await expect(auth.token()).rejects.toMatchObject({ kind: "unauthorized" });
    expect(await unhandled).toMatchObject({ message: "a fault in a listener" });
    expect(ends).toHaveLength(1);
    expect(await store.get()).toBeUndefined();
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const listener of usual) process.on("unhandledRejection", listener);
  }
});
