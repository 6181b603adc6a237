import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { memoryStore } from "../src/index.ts";
import { alice, bob, lifetime, type World, world } from "./session-world.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

describe("with()", () => {
  test("shares the session both ways", async () => {
    const { auth } = place.client();
    const slow = auth.with({ timeout: 120_000, headers: { "x-more": "1" } });
    await slow.login(alice);
    expect(await auth.token()).toBe(await slow.token());
    await auth.logout();
    await expect(slow.token()).rejects.toMatchObject({ kind: "signed_out" });
  });

  test("a shared session is refreshed once for both", async () => {
    const { auth, tap } = await place.signedIn();
    const other = auth.with({ timeout: 1_000 });
    place.pass(lifetime);
    const [first, second] = await Promise.all([auth.token(), other.token()]);
    expect(first).toBe(second);
    expect(tap.times("/auth/refresh")).toBe(1);
  });

  test.each([
    ["another store", () => ({ store: memoryStore() })],
    ["another server", () => ({ baseURL: place.server.url.replace("127.0.0.1", "localhost") })],
    ["another path", () => ({ basePath: "/api/v1/auth" })],
  ])("%s gives a separate session", async (_name, options) => {
    const { auth } = await place.signedIn();
    const other = auth.with(options());
    await expect(other.token()).rejects.toMatchObject({ kind: "signed_out" });
    await other.login(bob);
    expect(await auth.me()).toMatchObject({ username: "alice" });
    expect(await other.me()).toMatchObject({ username: "bob" });
  });
});

describe("closing", () => {
  test("does not log out", async () => {
    const { auth, store } = await place.signedIn();
    const token = await auth.token();
    await auth[Symbol.asyncDispose]();
    expect(await place.statusOf(token)).toBe(200);
    expect(await place.client({ store }).auth.me()).toMatchObject({ username: "alice" });
  });

  test("aborts current calls and keeps the session", async () => {
    const { auth, store, tap } = await place.signedIn();
    const kept = await store.get();
    const held = tap.hold("/auth/me");
    const asking = auth.me();
    asking.catch(() => {});
    await held.given;
    auth.close();
    await expect(asking).rejects.toMatchObject({ kind: "aborted" });
    expect(await store.get()).toEqual(kept);
  });
});
