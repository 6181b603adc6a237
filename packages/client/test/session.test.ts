import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { RequestAbortedError, SignedOutError } from "../src/index.ts";
import { alice, lifetime, type World, world } from "./session-world.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

test("a login stores the tokens", async () => {
  const { auth, store } = place.client();
  const { accessToken, refreshToken } = await auth.login(alice);
  const issuedAt = Date.now();
  expect(await store.get()).toEqual({
    accessToken,
    refreshToken,
    issuedAt,
    expiresAt: issuedAt + lifetime,
    signedInAt: issuedAt,
  });
  expect(await auth.token()).toBe(accessToken);
});

test("a failed login leaves the session unchanged", async () => {
  const { auth } = await place.signedIn();
  const token = await auth.token();
  await expect(auth.login({ ...alice, password: "wrong" })).rejects.toMatchObject({ kind: "unauthorized" });
  expect(await auth.token()).toBe(token);
});

test("without a login token() rejects", async () => {
  const { auth, tap } = place.client();
  await expect(auth.token()).rejects.toBeInstanceOf(SignedOutError);
  expect(tap.requests).toEqual([]);
});

test("the token stays the same until 30 seconds before it expires", async () => {
  const { auth, tap } = await place.signedIn();
  const first = await auth.token();
  place.pass(lifetime - 30_001);
  expect(await auth.token()).toBe(first);
  expect(tap.times("/auth/refresh")).toBe(0);
  place.pass(1);
  const second = await auth.token();
  expect(second).not.toBe(first);
  expect(await auth.token()).toBe(second);
  expect(tap.times("/auth/refresh")).toBe(1);
  expect(await place.statusOf(second)).toBe(200);
});

test("a token of ten seconds is refreshed two seconds before it expires", async () => {
  await using quick = await world({ ACCESS_TOKEN_TTL: "10s" });
  const { auth } = await quick.signedIn();
  const first = await auth.token();
  quick.pass(7_999);
  expect(await auth.token()).toBe(first);
  quick.pass(1);
  expect(await auth.token()).not.toBe(first);
});

test("a session outlives many access tokens", async () => {
  const { auth } = await place.signedIn();
  for (let hour = 0; hour < 5; hour++) {
    place.pass(lifetime + 1);
    expect(await place.statusOf(await auth.token())).toBe(200);
  }
});

test("a clock set back by more than the margin causes a refresh", async () => {
  const { auth, tap } = await place.signedIn();
  vi.setSystemTime(Date.now() - 31_000);
  await auth.token();
  expect(tap.times("/auth/refresh")).toBe(1);
});

test("the margin of a short token is shorter", async () => {
  await using short = await world({ ACCESS_TOKEN_TTL: "60s" });
  const { auth, tap } = await short.signedIn();
  vi.setSystemTime(Date.now() - 11_000);
  await auth.token();
  expect(tap.times("/auth/refresh")).toBe(0);
  vi.setSystemTime(Date.now() - 2_000);
  await auth.token();
  expect(tap.times("/auth/refresh")).toBe(1);
});

test("two hundred concurrent callers share one refresh", async () => {
  const { auth, tap } = await place.signedIn();
  const old = await auth.token();
  place.pass(lifetime);
  const tokens = await Promise.all(Array.from({ length: 200 }, () => auth.token()));
  expect(tap.times("/auth/refresh")).toBe(1);
  expect(new Set(tokens).size).toBe(1);
  expect(tokens).not.toContain(old);
});

test("aborting one waiting caller stops neither the others nor the refresh", async () => {
  const { auth, tap } = await place.signedIn();
  place.pass(lifetime);
  const held = tap.hold("/auth/refresh");
  const givingUp = new AbortController();
  const first = auth.token({ signal: givingUp.signal });
  const others = [auth.token(), auth.token({ signal: new AbortController().signal })];
  await held.given;
  givingUp.abort();
  await expect(first).rejects.toBeInstanceOf(RequestAbortedError);
  expect(tap.requests.at(-1)?.signal.aborted).toBe(false);
  held.release();
  const [token, same] = await Promise.all(others);
  expect(same).toBe(token);
  expect(await auth.token()).toBe(token);
  expect(tap.times("/auth/refresh")).toBe(1);
});

test("an aborted signal rejects token() at once", async () => {
  const { auth } = await place.signedIn();
  place.pass(lifetime);
  await expect(auth.token({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(RequestAbortedError);
  await expect(auth.token()).resolves.toBeTypeOf("string");
});
