import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { ConnectionError, type SessionEnd, SignedOutError } from "../src/index.ts";
import { bob, lifetime, type Seen, type World, world } from "./session-world.ts";

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

test("a logout removes the tokens at once, and the server refuses them", async () => {
  const seen = await place.signedIn();
  const { auth, store } = seen;
  const kept = await store.get();
  const ends: SessionEnd[] = [];
  auth.onSessionEnd((end) => void ends.push(end));
  const leaving = auth.logout();
  await expect(auth.token()).rejects.toBeInstanceOf(SignedOutError);
  await expectSignedOut(seen);
  expect(await leaving).toEqual({ message: "Successfully logged out" });
  expect(await place.statusOf(String(kept?.accessToken))).toBe(401);
  expect(await place.refreshStatusOf(kept?.refreshToken)).toBe(401);
  expect(ends).toEqual([{ reason: "logout" }]);
});

test("a logout with an expired access token refreshes it first", async () => {
  const seen = await place.signedIn();
  const kept = await seen.store.get();
  place.pass(lifetime + 1);
  expect(await seen.auth.logout()).toEqual({ message: "Successfully logged out" });
  await expectSignedOut(seen);
  expect(await place.refreshStatusOf(kept?.refreshToken)).toBe(401);
});

test.each([
  ["its access token is unexpired", 0],
  ["its access token has expired", lifetime + 1],
])("a logout of an ended session succeeds: %s", async (_name, ms) => {
  const seen = await place.signedIn();
  const token = await seen.auth.token();
  await place.client({ token }).auth.logout();
  place.pass(ms);
  expect(await seen.auth.logout()).toEqual({ message: "Already logged out" });
  await expectSignedOut(seen);
});

test("a logout without a response rejects, but removes the tokens", async () => {
  const elsewhere = await world();
  const seen = await elsewhere.signedIn();
  await elsewhere[Symbol.asyncDispose]();
  await expect(seen.auth.logout()).rejects.toBeInstanceOf(ConnectionError);
  await expectSignedOut(seen);
});

test("a logout without a session is refused", async () => {
  await expect(place.client().auth.logout()).rejects.toMatchObject({ code: "missing_token" });
});

test("a client can be used for the next login", async () => {
  const { auth } = await place.signedIn();
  await auth.logout();
  await auth.login(bob);
  expect(await auth.me()).toMatchObject({ username: "bob" });
});
