import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AuthClient, memoryStore, type SessionEnd } from "../src/index.ts";
import { alice } from "./session-world.ts";
import { jwt, type Routes, tokenServer } from "./token-server.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

const pass = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1000);
const seconds = () => Math.floor(Date.now() / 1000);

/** A server with only the fields of the published documents, and a signed-in client. */
async function signedIn(accessToken: string, more: Routes = {}) {
  const login = {
    status: 200,
    body: { access_token: accessToken, token_type: "bearer", user_id: "user:alice" },
  };
  const server = await tokenServer({ "POST /auth/login": () => login, ...more });
  const store = memoryStore();
  const auth = new AuthClient({ baseURL: server.url, retry: false, store });
  const ends: SessionEnd[] = [];
  auth.onSessionEnd((end) => void ends.push(end));
  await auth.login(alice);
  return { auth, store, ends, server, [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
}

const hour = (more: object = {}) => jwt({ iat: seconds(), exp: seconds() + 3600, ...more });

describe("the expiry of a token is read from the token", () => {
  test.each<[string, () => string]>([
    ["by exp and iat", hour],
    ["by exp alone", () => jwt({ exp: Date.now() / 1000 + 3600 })],
    [
      "with a server's clock that is three hours ahead",
      () => hour({ iat: seconds() + 10_800, exp: seconds() + 14_400 }),
    ],
    [
      "with a server's clock that is three hours behind",
      () => hour({ iat: seconds() - 10_800, exp: seconds() - 7_200 }),
    ],
    ["with names beyond ASCII", () => hour({ name: "Zoë Čapek 山田 🔑>>>???~~~ÿþ" })],
  ])("%s", async (_name, token) => {
    await using place = await signedIn(token());
    const kept = await place.store.get();
    expect(kept?.expiresAt).toBe(Date.now() + 3_600_000);
  });

  test("unless the server sends expires_in", async () => {
    const body = { access_token: hour(), expires_in: 60 };
    await using place = await signedIn("", { "POST /auth/login": () => ({ status: 200, body }) });
    expect((await place.store.get())?.expiresAt).toBe(Date.now() + 60_000);
  });

  test.each([
    ["opaque", "0f9a8b7c6d5e4f3a"],
    ["three parts without JSON", "a.b.c"],
    ["a JWT without exp", jwt({ iat: 1 })],
    ["a JWT with a string as exp", jwt({ exp: "tomorrow" })],
    ["a JWT with null as payload", `a.${Buffer.from("null").toString("base64url")}.c`],
  ])("a token without expiry is used until a 401: %s", async (_name, token) => {
    await using place = await signedIn(token);
    pass(10_000_000);
    expect(await place.auth.token()).toBe(token);
    expect(place.server.times("POST /auth/refresh")).toBe(0);
  });
});

describe("a session without a refresh token", () => {
  test("is refreshed with its current token before it expires", async () => {
    let asked: unknown;
    const refresh: Routes = {
      "POST /auth/refresh": ({ body }) => {
        asked = body;
        return { status: 200, body: { access_token: hour({ jti: "second" }) } };
      },
    };
    const first = hour();
    await using place = await signedIn(first, refresh);
    pass(3600 - 31);
    expect(await place.auth.token()).toBe(first);
    pass(1);
    const second = await place.auth.token();
    expect(second).not.toBe(first);
    expect(asked).toEqual({ current_token: first });
    expect(await place.auth.token()).toBe(second);
  });

  test("ends when its token expires", async () => {
    const refresh: Routes = { "POST /auth/refresh": () => ({ status: 200, body: { access_token: hour() } }) };
    await using place = await signedIn(hour(), refresh);
    pass(3600);
    await expect(place.auth.token()).rejects.toMatchObject({ kind: "signed_out" });
    expect(place.ends).toEqual([{ reason: "expired" }]);
    expect(await place.store.get()).toBeUndefined();
    expect(place.server.times("POST /auth/refresh")).toBe(0);
  });
});

describe.each([404, 405, 422])("a server that answers a refresh with %i", (status) => {
  const refresh: Routes = { "POST /auth/refresh": () => ({ status, body: { detail: "No such thing" } }) };

  test("keeps a session until its token expires", async () => {
    const token = hour();
    await using place = await signedIn(token, refresh);
    pass(3590);
    expect(await place.auth.token()).toBe(token);
    expect(place.ends).toEqual([]);
    pass(10);
    await expect(place.auth.token()).rejects.toMatchObject({ kind: "signed_out" });
    expect(place.ends).toEqual([{ reason: "expired" }]);
  });

  test("keeps a session with a refresh token, for a later refresh", async () => {
    const body = { access_token: hour(), refresh_token: "of use later" };
    await using place = await signedIn("", { "POST /auth/login": () => ({ status: 200, body }), ...refresh });
    pass(3600);
    await expect(place.auth.token()).rejects.toMatchObject({ status });
    await expect(place.auth.token()).rejects.toMatchObject({ status });
    expect(place.ends).toEqual([]);
  });

  test("refuses a token like any other server", async () => {
    const me: Routes = { "GET /auth/me": () => ({ status: 401, body: { detail: "Not any more" } }) };
    await using place = await signedIn("0f9a8b7c6d5e4f3a", { ...refresh, ...me });
    await expect(place.auth.me()).rejects.toMatchObject({ kind: "unauthorized", message: "Not any more" });
  });
});

describe("a logout", () => {
  test("of an expired token without a refresh token succeeds", async () => {
    const logout: Routes = { "POST /auth/logout": () => ({ status: 401, body: { detail: "Expired" } }) };
    await using place = await signedIn(hour(), logout);
    pass(3600);
    expect(await place.auth.logout()).toEqual({ message: "Already logged out" });
    expect(place.server.times("POST /auth/refresh")).toBe(0);
  });

  test.each([400, 401, 403])("of a session succeeds if its refresh is refused with %i", async (status) => {
    const body = { access_token: hour(), refresh_token: "used up" };
    await using place = await signedIn("", {
      "POST /auth/login": () => ({ status: 200, body }),
      "POST /auth/logout": () => ({ status: 401 }),
      "POST /auth/refresh": () => ({ status }),
    });
    expect(await place.auth.logout()).toEqual({ message: "Already logged out" });
  });

  test("with an empty response succeeds", async () => {
    await using place = await signedIn(hour(), { "POST /auth/logout": () => ({ status: 200 }) });
    expect(await place.auth.logout()).toEqual({ message: "" });
  });
});
