import { afterAll, beforeAll, expect, test } from "vitest";
import type { SessionEnd, TokenSet } from "../src/index.ts";
import { alice, type Seen, type World, world } from "./session-world.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());

async function kept({ store }: Seen): Promise<TokenSet & { refreshToken: string }> {
  const tokens = await store.get();
  if (!tokens?.refreshToken) throw new Error("The store has no refresh token");
  return { ...tokens, refreshToken: tokens.refreshToken };
}

test("refreshing with the session's own refresh token replaces both tokens", async () => {
  const seen = await place.signedIn();
  const { refreshToken } = await kept(seen);
  const given = await seen.auth.refresh({ refreshToken });
  expect(given).toMatchObject({ tokenType: "bearer", expiresIn: 3600 });
  expect(given.refreshToken).not.toBe(refreshToken);
  expect(await kept(seen)).toMatchObject({
    accessToken: given.accessToken,
    refreshToken: given.refreshToken,
  });
  expect(await seen.auth.token()).toBe(given.accessToken);
});

test("refreshing with the session's own access token replaces only it", async () => {
  const seen = await place.signedIn();
  const { accessToken, refreshToken } = await kept(seen);
  const given = await seen.auth.refresh({ currentToken: accessToken });
  expect(given.refreshToken).toBeUndefined();
  expect(given.accessToken).not.toBe(accessToken);
  expect(await kept(seen)).toMatchObject({ accessToken: given.accessToken, refreshToken });
});

test("a server that refuses access tokens leaves the session unchanged", async () => {
  await using strict = await world({ CURRENT_TOKEN: "off" });
  const seen = await strict.signedIn();
  const before = await kept(seen);
  const refreshing = seen.auth.refresh({ currentToken: before.accessToken });
  await expect(refreshing).rejects.toMatchObject({
    kind: "validation",
    issues: [{ msg: "Send refresh_token: this server trades no access tokens" }],
  });
  expect(await kept(seen)).toEqual(before);
  await seen.auth.refresh({ refreshToken: before.refreshToken });
  expect(await strict.statusOf((await kept(seen)).accessToken)).toBe(200);
});

test("without any way to refresh a session lasts until its token expires", async () => {
  await using strict = await world({ CURRENT_TOKEN: "off", ACCESS_TOKEN_TTL: "60s" });
  const { accessToken } = await kept(await strict.signedIn());
  const seen = strict.client();
  const issuedAt = Date.now();
  await seen.store.set({ accessToken, issuedAt: issuedAt - 55_000, expiresAt: issuedAt + 5_000 });
  const ends: SessionEnd[] = [];
  seen.auth.onSessionEnd((end) => void ends.push(end));
  expect(await seen.auth.token()).toBe(accessToken);
  expect(ends).toEqual([]);
});

test.each(["refreshToken", "currentToken"] as const)(
  "refreshing with a %s of another session changes nothing here",
  async (name) => {
    const seen = await place.signedIn();
    const before = await kept(seen);
    const other = await kept(await place.signedIn());
    const grant =
      name === "refreshToken" ? { refreshToken: other.refreshToken } : { currentToken: other.accessToken };
    const { accessToken } = await seen.auth.refresh(grant);
    expect(await place.statusOf(accessToken)).toBe(200);
    expect(await kept(seen)).toEqual(before);
  },
);

test("refreshing with a refresh token while signed out starts a session", async () => {
  const { refreshToken } = await kept(await place.signedIn());
  const seen = place.client();
  const { accessToken } = await seen.auth.refresh({ refreshToken });
  expect(await seen.auth.token()).toBe(accessToken);
});

test("refreshing with an access token while signed out starts a session", async () => {
  const { accessToken: currentToken } = await kept(await place.signedIn());
  const seen = place.client();
  const { accessToken } = await seen.auth.refresh({ currentToken });
  expect(await seen.store.get()).toMatchObject({ accessToken, refreshToken: undefined });
});

test.each(["refreshToken", "currentToken"] as const)(
  "a refusal of the session's own %s ends the session",
  async (name) => {
    const seen = await place.signedIn();
    const ends: SessionEnd[] = [];
    seen.auth.onSessionEnd((end) => void ends.push(end));
    const { accessToken, refreshToken } = await kept(seen);
    await place.client({ token: accessToken }).auth.logout();
    const grant = name === "refreshToken" ? { refreshToken } : { currentToken: accessToken };
    await expect(seen.auth.refresh(grant)).rejects.toMatchObject({ code: "token_revoked" });
    expect(await seen.store.get()).toBeUndefined();
    expect(ends).toMatchObject([{ reason: "refused", error: { kind: "unauthorized" } }]);
  },
);

test("a refusal of a foreign token leaves the session", async () => {
  const seen = await place.signedIn();
  const before = await kept(seen);
  const ends: SessionEnd[] = [];
  seen.auth.onSessionEnd((end) => void ends.push(end));
  await expect(seen.auth.refresh({ refreshToken: "not one of ours" })).rejects.toMatchObject({
    code: "invalid_token",
  });
  expect(await kept(seen)).toEqual(before);
  expect(ends).toEqual([]);
});

test("a logout during a refresh wins", async () => {
  const seen = await place.signedIn();
  const { refreshToken } = await kept(seen);
  const held = seen.tap.hold("/auth/refresh");
  const refreshing = seen.auth.refresh({ refreshToken });
  await held.given;
  await seen.auth.logout();
  held.release();
  await refreshing;
  expect(await seen.store.get()).toBeUndefined();
  await expect(seen.auth.token()).rejects.toMatchObject({ kind: "signed_out" });
});

test("a logout during a refresh wins while signed out", async () => {
  const { refreshToken } = await kept(await place.signedIn());
  const { auth, store, tap } = place.client();
  const held = tap.hold("/auth/refresh");
  const refreshing = auth.refresh({ refreshToken });
  await held.given;
  await auth.logout().result();
  held.release();
  await refreshing;
  expect(await store.get()).toBeUndefined();
});

test("a login during a refresh wins", async () => {
  const seen = await place.signedIn();
  const { refreshToken } = await kept(seen);
  const held = seen.tap.hold("/auth/refresh");
  const refreshing = seen.auth.refresh({ refreshToken });
  await held.given;
  const { accessToken } = await seen.auth.login(alice);
  held.release();
  await refreshing;
  expect(await seen.auth.token()).toBe(accessToken);
});
