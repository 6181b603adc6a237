import { describe, expect, test } from "vitest";
import { createBrowserSessions } from "../../src/core/stories/browser-sessions.ts";
import { MustChangePassword, refusingMustChange } from "../../src/core/stories/must-change.ts";
import { createAuthenticate, createSignIn } from "../../src/core/stories/sign-in.ts";
import { AccountCookies } from "../../src/core/tokens/account-cookies.ts";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { credentials, oauthWorld, request } from "./oauth-world.ts";
import { caller } from "./small-world.ts";

const hour = 3_600_000;
const at = { at: 1_700_000_000_000, address: "test" } as const;

/** The account pages' sessions, with a life of one hour. */
async function world() {
  const made = await oauthWorld();
  const { parts, store, refreshTokens } = made;
  const settings = { ...parts.settings, max: hour };
  const browsers = createBrowserSessions({
    ...parts,
    users: store.users,
    refreshTokens,
    signIn: createSignIn({ ...parts, settings }, refusingMustChange(createAuthenticate(parts))),
    cookies: new AccountCookies(deriveKeys("a secret that is long enough for this")),
  });
  const mustChange = async () => {
    const user = await store.users.byId("user:alice");
    if (user === undefined) throw new Error("no user");
    const keys = { usernameKey: "alice", emailKey: "alice@example.com" };
    const changed = { ...user, ...keys, mustChangePassword: true };
    await store.users.change(changed, [{ name: "user.changed", ...at }]);
  };
  return { ...made, browsers, mustChange, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() };
}

describe("a browser at the account pages", () => {
  test("is signed in until its session expires", async () => {
    await using made = await world();
    const { browsers, advance } = made;
    const { cookie, lifetime } = await browsers.open(credentials, caller);
    expect(lifetime).toBe(hour);
    expect(await browsers.find(cookie)).toMatchObject({
      me: { userId: "user:alice", username: "alice" },
      user: { email: "alice@example.com" },
      emailVerified: false,
    });
    advance(hour - 1);
    expect(await browsers.find(cookie)).toBeDefined();
    advance(1);
    expect(await browsers.find(cookie)).toBeUndefined();
    expect(await made.store.sessions.countLive("user:alice", made.parts.clock())).toBe(0);
  });

  test("gets no secret of the user", async () => {
    await using made = await world();
    const { cookie } = await made.browsers.open(credentials, caller);
    expect(JSON.stringify(await made.browsers.find(cookie))).not.toMatch(/argon2|revision|hash/i);
  });

  test("is signed out for good, with an event", async () => {
    await using made = await world();
    const { browsers, heard } = made;
    const { cookie } = await browsers.open(credentials, caller);
    const session = await browsers.find(cookie);
    if (session === undefined) throw new Error("not signed in");
    await browsers.close(session, caller);
    expect(await browsers.find(cookie)).toBeUndefined();
    expect(heard.at(-1)).toMatchObject({ name: "session.ended", reason: "logout", subject: "user:alice" });
  });

  test.each(["disabled", "removed"])("is signed out when the user is %s", async (change) => {
    await using made = await world();
    const { users } = made.store;
    const { cookie } = await made.browsers.open(credentials, caller);
    if (change === "disabled") await users.setActive("user:alice", false, { name: "user.disabled", ...at });
    else await users.remove("user:alice", { name: "user.removed", ...at });
    expect(await made.browsers.find(cookie)).toBeUndefined();
  });

  test("is not signed in by a client's session", async () => {
    await using made = await world();
    await made.grant();
    const [session] = await made.store.sessions.live(made.parts.clock());
    const cookies = new AccountCookies(deriveKeys("a secret that is long enough for this"));
    const cookie = cookies.write(session?.id ?? "", made.parts.clock() + hour);
    expect(await made.browsers.find(cookie)).toBeUndefined();
  });
});

describe("a user who must choose a new password", () => {
  test("gets no browser session, no code, and no failed login", async () => {
    await using made = await world();
    await made.mustChange();
    const before = made.heard.length;
    await expect(made.browsers.open(credentials, caller)).rejects.toThrow(MustChangePassword);
    await expect(made.authorize(credentials, request, caller)).rejects.toThrow(MustChangePassword);
    expect(made.since(before)).toEqual([]);
    expect(await made.store.sessions.countLive("user:alice", made.parts.clock())).toBe(0);
  });

  test("with a wrong password hears of no change", async () => {
    await using made = await world();
    await made.mustChange();
    const wrong = { ...credentials, password: "wrong" };
    const refusal = { code: "invalid_credentials" };
    await expect(made.browsers.open(wrong, caller)).rejects.toMatchObject(refusal);
    await expect(made.authorize(wrong, request, caller)).rejects.toMatchObject(refusal);
  });
});
