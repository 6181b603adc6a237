import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { AuthClient } from "../src/index.ts";
import { FailingStore } from "./failing-store.ts";
import { bob, lifetime, type World, world } from "./session-world.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

let names = 0;

/** Another thread holds a lock, and does not run while it does. */
async function suspendedHolder(lock: string): Promise<AsyncDisposable> {
  const worker = new Worker(new URL("./stuck-lock-worker.ts", import.meta.url), { workerData: lock });
  await once(worker, "message");
  return { [Symbol.asyncDispose]: async () => void (await worker.terminate()) };
}

/** Unlike `vi.waitUntil`, it does not advance fake time. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await setImmediate();
}

const queued = () => until(async () => (await navigator.locks.query()).pending?.length === 1);

describe("a tab that is suspended while it refreshes", () => {
  test("is waited for during one timeout and 5 s", async () => {
    const store = new FailingStore(`stuck ${++names}`);
    const { auth, tap } = await place.signedIn({ store, timeout: 2_000 });
    await using _holder = await suspendedHolder(`latchkey refresh ${store.name}`);
    place.pass(lifetime);
    let over = false;
    const waiting = auth.token().finally(() => {
      over = true;
    });
    await queued();
    await vi.advanceTimersByTimeAsync(6_999);
    expect(over).toBe(false);
    expect(tap.times("/auth/refresh")).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(await place.statusOf(await waiting)).toBe(200);
  });

  test.each([30_000, 120_000, Number.POSITIVE_INFINITY])(
    "is waited for 35 s at most, with a timeout of %d",
    async (timeout) => {
      const store = new FailingStore(`stuck ${++names}`);
      const { auth } = await place.signedIn({ store });
      const other = new AuthClient({ baseURL: place.server.url, store, timeout });
      await using _holder = await suspendedHolder(`latchkey refresh ${store.name}`);
      place.pass(lifetime);
      const before = await store.get();
      const waiting = other.token();
      await queued();
      await vi.advanceTimersByTimeAsync(35_000);
      expect(await waiting).not.toBe(before?.accessToken);
      expect(await place.statusOf(await auth.token())).toBe(200);
    },
  );

  test("does not stop a call without a refresh", async () => {
    const store = new FailingStore(`stuck ${++names}`);
    const { auth } = await place.signedIn({ store });
    await using _holder = await suspendedHolder(`latchkey refresh ${store.name}`);
    expect(await auth.me()).toMatchObject({ username: "alice" });
  });
});

test.each(["login", "logout"] as const)(
  "a tab that is suspended while it writes delays a %s by 5 s at most",
  async (verb) => {
    const store = new FailingStore(`stuck ${++names}`);
    const { auth } = await place.signedIn({ store });
    await using _holder = await suspendedHolder(`latchkey change ${store.name}`);
    const waiting = verb === "login" ? auth.login(bob) : auth.logout();
    await queued();
    await vi.advanceTimersByTimeAsync(5_000);
    await waiting;
    if (verb === "login") expect(await auth.me()).toMatchObject({ username: "bob" });
    else expect(store.kept).toBeUndefined();
  },
);

test("calls work without a lock that a sandboxed frame refuses", async () => {
  const request = () => Promise.reject(new DOMException("Access is denied", "SecurityError"));
  vi.stubGlobal("navigator", { locks: { request } });
  const store = new FailingStore(`stuck ${++names}`);
  const { auth } = await place.signedIn({ store });
  place.pass(lifetime);
  expect(await place.statusOf(await auth.token())).toBe(200);
  await auth.logout();
  expect(store.kept).toBeUndefined();
});

test("an error under a lock rejects, and the work runs once", async () => {
  const store = new FailingStore(`stuck ${++names}`);
  const { auth, tap } = await place.signedIn({ store });
  await place.client({ token: await auth.token() }).auth.logout();
  place.pass(lifetime);
  await expect(auth.token()).rejects.toMatchObject({ kind: "unauthorized" });
  expect(tap.times("/auth/refresh")).toBe(1);
});

test("a refresh is not retried after its tab was suspended", async () => {
  const store = new FailingStore(`stuck ${++names}`);
  await place.signedIn({ store });
  const other = place.client({ store });
  place.pass(lifetime);
  let tries = 0;
  const suspended = new AuthClient({
    baseURL: place.server.url,
    store,
    fetch: async () => {
      tries++;
      return Response.json({ message: "Busy" }, { status: 503 });
    },
  });
  const waiting = suspended.token().catch((error: unknown) => error);
  await until(() => tries === 1 && vi.getTimerCount() > 0);
  vi.stubGlobal("navigator", {});
  const token = await other.auth.token();
  place.pass(3_600_000 - 60_000);
  await vi.advanceTimersToNextTimerAsync();
  await waiting;
  expect(tries).toBe(1);
  expect(await other.auth.token()).toBe(token);
  expect(await place.statusOf(token)).toBe(200);
});
