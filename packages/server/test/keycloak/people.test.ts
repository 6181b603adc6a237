import { createGuard } from "@latchkey/guard";
import { passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { bearer, claimsOf, send, signIn } from "../api/api-case.ts";
import { sharedServer } from "../api/provider-world.ts";
import { ownRealm, realmWorld } from "./own-realm.ts";

/** Trent's realm locks an account after three failures. */
const strict = { failureFactor: 3, waitIncrementSeconds: 600 };

const realm = ownRealm();
const strictRealm = ownRealm(strict);
const server = sharedServer(realmWorld(realm));

const login = (username: string, password: string) =>
  send(server(), "/auth", { method: "POST", path: "/login", body: { username, password } });

describe("an account that Keycloak rejects", () => {
  test.each([
    ["is disabled", "mallory", "account_disabled", "disabled"],
    ["must change its password", "nina", "account_setup_required", "setup_required"],
    ["must verify its e-mail address", "oscar", "account_setup_required", "setup_required"],
    ["must set up a second factor", "quentin", "account_setup_required", "setup_required"],
  ] as const)(
    "because it %s: only the right password gets the reason",
    async (_why, username, code, reason) => {
      const rejected = await login(username, passwords[username]);
      expect([rejected.status, rejected.body["code"]]).toEqual([403, code]);
      expect(String(rejected.body["message"])).toMatch(/: (ask|sign in) /);
      expect(rejected.body).not.toHaveProperty("access_token");
      const stranger = await login(username, "a wrong guess");
      const unknown = await login("nobody", "a wrong guess");
      expect([stranger.status, stranger.text]).toEqual([401, unknown.text]);
      const events = server().newEvents().slice(-3);
      expect(events.map((event) => event.reason)).toEqual([reason, "refused_by_realm", "refused_by_realm"]);
    },
  );

  test("because it is locked for a while: answered like a wrong password", async () => {
    await using place = await strictRealm.open();
    const tried = (password: string) =>
      send(place, "/auth", { method: "POST", path: "/login", body: { username: "trent", password } });
    for (let guess = 0; guess < 4; guess++) expect((await tried("a wrong guess")).status).toBe(401);
    const locked = await tried(passwords.trent);
    expect([locked.status, locked.body["code"]]).toEqual([401, "invalid_credentials"]);
    expect(locked.text).toBe((await tried("a wrong guess")).text);
  });

  test("because it was disabled after the login: refresh is refused", async () => {
    const bob = await signIn(server(), "bob");
    await realm.admin.changeUser(realm.name, "bob", { enabled: false });
    const body = { refresh_token: bob.refresh };
    const refreshed = await send(server(), "/auth", { method: "POST", path: "/refresh", body });
    expect([refreshed.status, refreshed.body["code"]]).toEqual([401, "token_revoked"]);
    await realm.admin.changeUser(realm.name, "bob", { enabled: true });
  });
});

test("simultaneous logins of one user all succeed", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => login("alice", passwords.alice)));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
});

describe("roles", () => {
  test("are those of the realm and the client, without Keycloak's defaults", async () => {
    const { body } = await login("alice", passwords.alice);
    const claims = claimsOf(String(body["access_token"]));
    expect(JSON.stringify(claims)).toMatch(/offline_access.*reader/);
    expect((body["roles"] as string[]).toSorted()).toEqual(["editor", "premium", "user"]);
  });
});

describe("tokens", () => {
  const direct = async (clientId: string, secret: string) => {
    const body = new URLSearchParams({
      grant_type: "password",
      client_id: clientId,
      client_secret: secret,
      scope: "openid",
      username: "alice",
      password: passwords.alice,
    });
    const address = `${realm.keycloak}/realms/${realm.name}/protocol/openid-connect/token`;
    const answer = (await (await fetch(address, { method: "POST", body })).json()) as Record<string, string>;
    return {
      access: answer["access_token"] ?? "",
      id: answer["id_token"] ?? "",
      refresh: answer["refresh_token"] ?? "",
    };
  };
  const me = async (place: ReturnType<typeof server>, token: string) => {
    const { status, body } = await send(place, "/auth", {
      method: "GET",
      path: "/me",
      headers: bearer(token),
    });
    return [status, body["code"]];
  };

  test("are Keycloak's own, so Keycloak accepts them", async () => {
    const { access } = await signIn(server());
    const userinfo = `${realm.keycloak}/realms/${realm.name}/protocol/openid-connect/userinfo`;
    const answer = await fetch(userinfo, { headers: bearer(access) });
    expect(await answer.json()).toMatchObject({ preferred_username: "alice", email: "alice@example.com" });
  });

  test("of the same client are valid, also if the session was opened elsewhere", async () => {
    const { clients } = await import("@latchkey/testkit/keycloak/acceptance-realm");
    const { access } = await direct("latchkey", clients.latchkey);
    expect(await me(server(), access)).toEqual([200, undefined]);
    const answer = await send(server(), "/auth", {
      method: "POST",
      path: "/logout",
      headers: bearer(access),
    });
    expect(answer.status).toBe(200);
    expect(await me(server(), access)).toEqual([401, "token_revoked"]);
  });

  test("of another client of the realm are refused", async () => {
    const { clients } = await import("@latchkey/testkit/keycloak/acceptance-realm");
    const { access, refresh } = await direct("notes", clients.notes);
    expect(await me(server(), access)).toEqual([401, "invalid_token"]);
    const body = { refresh_token: refresh };
    const refreshed = await send(server(), "/auth", { method: "POST", path: "/refresh", body });
    expect([refreshed.status, refreshed.body["code"]]).toEqual([401, "invalid_token"]);
  });

  test("other than access tokens are refused", async () => {
    const { clients } = await import("@latchkey/testkit/keycloak/acceptance-realm");
    const { id } = await direct("latchkey", clients.latchkey);
    expect(await me(server(), id)).toEqual([401, "invalid_token"]);
  });

  test("must name the configured audience", async () => {
    await using named = await realm.open({ AUDIENCE: "account,other" });
    const { access } = await signIn(named);
    expect(await me(named, access)).toEqual([200, undefined]);
    await using another = await realm.open({ AUDIENCE: "other" });
    expect(await me(another, access)).toEqual([401, "invalid_token"]);
    const refused = await send(another, "/auth", {
      method: "POST",
      path: "/login",
      body: { username: "alice", password: passwords.alice },
    });
    expect([refused.status, refused.body["code"]]).toEqual([503, "provider_unavailable"]);
  });
});

describe("a guard on another machine", () => {
  test("needs issuer, client and Latchkey's address, and follows a logout", async () => {
    await using guard = createGuard({
      issuer: `${realm.keycloak}/realms/${realm.name}`,
      discoverAt: server().url,
      authorizedParty: "latchkey",
    });
    const { access } = await signIn(server());
    const { username, roles } = await guard.verify(access);
    expect([username, roles.toSorted()]).toEqual(["alice", ["editor", "premium", "user"]]);
    const stays = await signIn(server(), "bob");
    await send(server(), "/auth", { method: "POST", path: "/logout", headers: bearer(access) });
    const code = () => guard.verify(access).catch((error: { code?: unknown }) => error.code);
    await until("the guard refuses", async () => (await code()) === "token_revoked");
    expect((await guard.verify(stays.access)).username).toBe("bob");
  });
});

describe("logout", () => {
  test("ends the session at Keycloak", async () => {
    const before = await realm.admin.sessions(realm.name, "trent");
    const { access } = await signIn(server(), "trent", passwords.trent);
    expect(await realm.admin.sessions(realm.name, "trent")).toBe(before + 1);
    await send(server(), "/auth", { method: "POST", path: "/logout", headers: bearer(access) });
    expect(await realm.admin.sessions(realm.name, "trent")).toBe(before);
  });

  test("reaches another server on the same database", async () => {
    await using first = await realm.open();
    await using second = await realm.open({ DATABASE: first.database });
    const { access, refresh } = await signIn(first);
    await send(first, "/auth", { method: "POST", path: "/logout", headers: bearer(access) });
    await second.server.backgroundJobs.poll();
    for (const request of [
      { method: "GET", path: "/me", headers: bearer(access) },
      { method: "POST", path: "/refresh", body: { refresh_token: refresh } },
    ] as const) {
      expect((await send(second, "/auth", request)).body["code"]).toBe("token_revoked");
    }
  });
});

describe("guesses", () => {
  test("are throttled by Latchkey, and the owner's known address is not", async () => {
    await using place = await realm.open({ THROTTLE_ACCOUNT: "3/1h", TRUSTED_PROXIES: "127.0.0.1" });
    const from = (address: string, password: string) =>
      send(place, "/auth", {
        method: "POST",
        path: "/login",
        body: { username: "alice", password },
        headers: { "x-forwarded-for": address },
      });
    expect((await from("192.0.2.1", passwords.alice)).status).toBe(200);
    for (const last of [2, 3, 4]) expect((await from(`192.0.2.${last}`, "a wrong guess")).status).toBe(401);
    const limited = await from("192.0.2.5", passwords.alice);
    expect([limited.status, limited.body["code"]]).toEqual([429, "rate_limited"]);
    expect((await from("192.0.2.1", passwords.alice)).status).toBe(200);
  });
});

test("the log and the database hold no password, token or client secret", async () => {
  const { clients } = await import("@latchkey/testkit/keycloak/acceptance-realm");
  const alice = await signIn(server());
  await login("alice", "a guess of hers");
  await login("hunter2 in the wrong field", "x");
  const body = { refresh_token: alice.refresh };
  await send(server(), "/auth", { method: "POST", path: "/refresh", body });
  await send(server(), "/auth", { method: "POST", path: "/refresh", body: { refresh_token: "a.b.c" } });
  await send(server(), "/auth", { method: "POST", path: "/logout", headers: bearer(alice.access) });
  const logged = JSON.stringify(server().logged());
  const secrets = [
    passwords.alice,
    "a guess of hers",
    "hunter2",
    alice.access,
    alice.refresh,
    clients.latchkey,
  ];
  for (const secret of secrets) expect(logged).not.toContain(secret);
  const { readFileSync } = await import("node:fs");
  const database = [readFileSync(server().database), readFileSync(`${server().database}-wal`)].join();
  for (const secret of secrets) expect(database).not.toContain(secret);
  // Any JWT. Three letters alone, such as `eyJ`, can be in a random id.
  expect(database).not.toMatch(/eyJ[\w-]{8,}\.[\w-]{8,}\./);
});
