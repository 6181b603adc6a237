import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { alice, bob, lifetime, type World, world } from "./session-world.ts";

let place: World;
let alices: string;
let bobs: string;
beforeAll(async () => {
  place = await world();
  ({ accessToken: alices } = await place.client().auth.login(alice));
  ({ accessToken: bobs } = await place.client().auth.login(bob));
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** A client with tokens that the server has revoked. */
async function revoked() {
  const seen = await place.signedIn();
  await place.client({ token: await seen.auth.token() }).auth.logout();
  return seen;
}

describe("the token option", () => {
  test.each([
    ["a text", () => bobs],
    ["a function", () => () => bobs],
    ["an async function", () => async () => bobs],
  ])("may be %s", async (_name, token) => {
    const { auth } = place.client({ token: token() });
    expect(await auth.token()).toBe(bobs);
    expect(await auth.me()).toMatchObject({ username: "bob" });
  });

  test("is called for each call", async () => {
    const tokens = [alices, bobs];
    const { auth } = place.client({ token: () => tokens.shift() ?? "" });
    expect(await auth.me()).toMatchObject({ username: "alice" });
    expect(await auth.me()).toMatchObject({ username: "bob" });
  });

  test("yields to the token of a call and to the session", async () => {
    const { auth } = place.client({ token: alices });
    expect(await auth.me({ token: bobs })).toMatchObject({ username: "bob" });
    await auth.login(bob);
    expect(await auth.me()).toMatchObject({ username: "bob" });
    expect(await auth.me({ token: alices })).toMatchObject({ username: "alice" });
  });

  test("overrides the environment", async () => {
    vi.stubEnv("LATCHKEY_TOKEN", bobs);
    expect(await place.client().auth.me()).toMatchObject({ username: "bob" });
    expect(await place.client().auth.token()).toBe(bobs);
    expect(await place.client({ token: alices }).auth.me()).toMatchObject({ username: "alice" });
    expect(await (await place.signedIn()).auth.me()).toMatchObject({ username: "alice" });
  });

  test("is not refreshed after a 401", async () => {
    const { auth, tap } = place.client({ token: "not a token".replaceAll(" ", "-") });
    await expect(auth.me()).rejects.toMatchObject({ code: "invalid_token" });
    expect(tap.requests).toHaveLength(1);
  });

  test("of a logout ends that session and leaves the client's own", async () => {
    const { auth } = await place.signedIn();
    const { accessToken: other } = await place.client().auth.login(alice);
    await auth.logout({ token: other });
    expect(await place.statusOf(other)).toBe(401);
    expect(await auth.me()).toMatchObject({ username: "alice" });
  });

  test("in the environment may end with a line break", async () => {
    vi.stubEnv("LATCHKEY_TOKEN", `${bobs}\r\n`);
    expect(await place.client().auth.token()).toBe(bobs);
  });

  test("that is empty in the environment counts as no token", async () => {
    vi.stubEnv("LATCHKEY_TOKEN", "");
    await expect(place.client().auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  });
});

describe("me", () => {
  test("refreshes an expiring token first", async () => {
    const { auth, tap } = await place.signedIn();
    place.pass(lifetime + 1);
    expect(await auth.me()).toMatchObject({ id: "user:alice", roles: ["user", "premium"] });
    expect(tap.requests.slice(1).map(({ url }) => new URL(url).pathname)).toEqual([
      "/auth/refresh",
      "/auth/me",
    ]);
  });

  test("follows a 401 with one refresh and one retry", async () => {
    const { auth, tap } = await place.signedIn();
    place.server.advance(lifetime + 1);
    expect(await auth.me()).toMatchObject({ username: "alice" });
    expect(tap.requests.slice(1).map(({ url }) => new URL(url).pathname)).toEqual([
      "/auth/me",
      "/auth/refresh",
      "/auth/me",
    ]);
  });

  test("rejects if the session is over, without a retry", async () => {
    const { auth, store, tap } = await revoked();
    await expect(auth.me()).rejects.toMatchObject({ kind: "unauthorized", code: "token_revoked" });
    expect(tap.times("/auth/me")).toBe(1);
    expect(await store.get()).toBeUndefined();
  });

  test("does not refresh for the token of a call", async () => {
    const { auth, tap } = await place.signedIn();
    await expect(auth.me({ token: "another" })).rejects.toMatchObject({ code: "invalid_token" });
    expect(tap.times("/auth/refresh")).toBe(0);
  });
});
