import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type SessionEnd, SignedOutError } from "../src/index.ts";
import { alice, bob, lifetime, type Seen, type World, world } from "./session-world.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

async function expectSignedOut({ auth, store }: Seen): Promise<void> {
  expect(await store.get()).toBeUndefined();
  await expect(auth.token()).rejects.toBeInstanceOf(SignedOutError);
}

describe("a logout that races a refresh", () => {
  test("wins if the server refreshed first and its response is late", async () => {
    const seen = await place.signedIn();
    place.pass(lifetime - 10_000);
    const held = seen.tap.hold("/auth/refresh");
    const waiting = seen.auth.token();
    waiting.catch(() => {});
    await held.given;
    await seen.auth.logout();
    held.release();
    await expect(waiting).rejects.toBeInstanceOf(SignedOutError);
    await expectSignedOut(seen);
  });

  test("wins if the refresh reaches the server after the logout", async () => {
    const seen = await place.signedIn();
    const kept = await seen.store.get();
    place.pass(lifetime - 10_000);
    const delayed = seen.tap.hold("/auth/refresh", "request");
    const waiting = seen.auth.token();
    waiting.catch(() => {});
    await delayed.given;
    await seen.auth.logout();
    delayed.release();
    await expect(waiting).rejects.toMatchObject({ kind: "unauthorized" });
    await expectSignedOut(seen);
    expect(await place.refreshStatusOf(kept?.refreshToken)).toBe(401);
  });

  test("wins if its own response is late", async () => {
    const seen = await place.signedIn();
    place.pass(lifetime - 10_000);
    const held = seen.tap.hold("/auth/logout");
    const waiting = seen.auth.token().catch((error: unknown) => error);
    const leaving = seen.auth.logout();
    await held.given;
    await waiting;
    await expectSignedOut(seen);
    held.release();
    await leaving;
    await expectSignedOut(seen);
  });

  test.each(["this", "another"])(
    "wins while the refresh still reads a slow store: logout of %s client",
    async (client) => {
      const { store } = await place.signedIn();
      const reading = Promise.withResolvers<void>();
      const read = Promise.withResolvers<void>();
      let reads = 0;
      const get = async () => {
        const tokens = await store.get();
        if (++reads !== 2) return tokens;
        reading.resolve();
        await read.promise;
        return tokens;
      };
      const slow = place.client({ store: { get, set: store.set } });
      const leaver = client === "this" ? slow : place.client({ store });
      place.pass(lifetime - 10_000);
      const delayed = leaver.tap.hold("/auth/logout", "request");
      const waiting = slow.auth.token();
      waiting.catch(() => {});
      await reading.promise;
      const leaving = leaver.auth.logout();
      if (leaver !== slow) await delayed.given;
      read.resolve();
      await expect(waiting).rejects.toBeInstanceOf(SignedOutError);
      await delayed.given;
      delayed.release();
      await leaving;
      await expectSignedOut(slow);
    },
  );
});

test("a login during a refresh wins", async () => {
  const { auth, store, tap } = await place.signedIn();
  place.pass(lifetime);
  const held = tap.hold("/auth/refresh");
  const waiting = auth.token();
  await held.given;
  const { accessToken } = await auth.login(bob);
  held.release();
  expect(await waiting).toBe(accessToken);
  expect(await store.get()).toMatchObject({ accessToken });
  expect(await auth.me()).toMatchObject({ username: "bob" });
});

test("a login during a refresh that is refused wins too", async () => {
  const { auth, store, tap } = await place.signedIn();
  const kept = await store.get();
  place.pass(lifetime - 10_000);
  const delayed = tap.hold("/auth/refresh", "request");
  const waiting = auth.token();
  await delayed.given;
  await place.client({ token: String(kept?.accessToken) }).auth.logout();
  const ends: SessionEnd[] = [];
  auth.onSessionEnd((end) => void ends.push(end));
  const { accessToken } = await auth.login(alice);
  delayed.release();
  expect(await waiting).toBe(accessToken);
  expect(await auth.token()).toBe(accessToken);
  expect(ends).toEqual([]);
});
