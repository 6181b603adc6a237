import { acceptanceRealm, passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { distribution, givenUrl } from "@latchkey/testkit/keycloak/distribution";
import { KeycloakProcess } from "@latchkey/testkit/keycloak/keycloak-process";
import { RealmAdmin } from "@latchkey/testkit/keycloak/realm-admin";
import type { TestServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApiAnswer, bearer, send, signIn } from "../api/api-case.ts";
import { unthrottled } from "../api/login-contract.ts";
import { crowd, OutageLoad } from "./outage-load.ts";
import { sameTimes } from "./own-realm.ts";
import { realmServer } from "./realm-server.ts";

const timeout = 2_000;
/** One request causes at most three requests to Keycloak: discovery, the check of the client, and its own. */
const bound = 3 * timeout + 5_000;
const realm = "outage";

/** Skipped with `KEYCLOAK_URL`: the suite kills only a Keycloak that it started. */
describe.skipIf(givenUrl !== undefined)("during an outage of Keycloak", { timeout: 300_000 }, () => {
  let keycloak: KeycloakProcess;
  let server: TestServer;
  let ticking: NodeJS.Timeout;
  beforeAll(async () => {
    keycloak = await KeycloakProcess.start(await distribution());
    const { users, ...rest } = acceptanceRealm(realm, sameTimes);
    const [alice] = users;
    const more = crowd.map((username) => ({ ...alice, username, email: `${username}@example.com` }));
    await new RealmAdmin(keycloak.url).importRealm({ ...rest, users: [...users, ...more] });
    server = await realmServer(keycloak.url, realm, { ...unthrottled, KEYCLOAK_TIMEOUT: `${timeout}ms` });
    // An answer of readiness is shared for a moment by the server's clock, which the test moves.
    ticking = setInterval(() => server.advance(50), 50);
  });
  afterAll(async () => {
    clearInterval(ticking);
    await server[Symbol.asyncDispose]();
    await keycloak[Symbol.asyncDispose]();
  });

  /** Signs bob in. Keycloak may need longer than `timeout` for it: after its start, or on a busy machine. */
  const signInBefore = async () => {
    const login = { username: "bob", password: passwords.bob };
    let answer: ApiAnswer | undefined;
    await until(
      "Keycloak answers in time",
      async () => {
        answer = await send(server, "/auth", { method: "POST", path: "/login", body: login });
        return answer.status !== 503;
      },
      60_000,
    );
    expect(answer?.status).toBe(200);
    return { access: String(answer?.body["access_token"]), refresh: String(answer?.body["refresh_token"]) };
  };

  const ready = async () => (await fetch(`${server.url}/health/ready`)).status === 200;

  test.each([
    ["killed and restarted", async () => keycloak.kill(), async () => keycloak.begin()],
    ["stopped and continued", async () => keycloak.freeze(), async () => keycloak.thaw()],
  ] as const)("%s under load: no request hangs, no acknowledged write is lost", async (_how, goes, comes) => {
    const lasting = await signInBefore();
    server.newEvents();
    await using load = new OutageLoad(server.url, bound, lasting.access);
    const answered = (operation: "login" | "logout" | "ready", status: number, from = 0) =>
      load
        .of(operation)
        .slice(from)
        .filter((outcome) => outcome.status === status).length;

    await until("users sign in and out", () => answered("logout", 200) > 10, 60_000);
    await goes();
    await until(
      "logins are refused, and readiness says so",
      () => answered("login", 503) > 30 && answered("ready", 503) > 5,
      60_000,
    );
    const outage = load.of("login").length;
    await comes();
    await until("users sign in again", () => answered("login", 200, outage) > 10, 180_000);
    await load.stop();

    const seen = new Set(
      load.outcomes.map(({ operation, status, code }) => `${operation} ${status} ${code ?? ""}`.trim()),
    );
    const foreseen = [
      "me 200",
      "ready 200",
      "ready 503 provider_unavailable",
      "login 200",
      "login 503 provider_unavailable",
      "refresh 200",
      "refresh 503 provider_unavailable",
      "logout 200",
    ];
    // Keycloak may have lost a session that it opened just before it was killed.
    const lost = ["refresh 401 token_revoked", "refresh 401 invalid_token"];
    expect([...seen].filter((one) => !foreseen.includes(one) && !lost.includes(one))).toEqual([]);
    const refusals = load.outcomes.filter(({ status }) => status === 503);
    expect(refusals.filter(({ retryAfter }) => !/^([1-9]|10)$/.test(retryAfter ?? ""))).toEqual([]);

    const events = server.newEvents();
    const audited = (name: string) =>
      new Set(events.filter((event) => event.name === name).map((event) => event.session_id));
    for (const sid of load.opened) expect(audited("login.succeeded")).toContain(sid);
    for (const { sid, access, refresh } of load.signedOut) {
      expect(audited("session.ended")).toContain(sid);
      const me = await send(server, "/auth", { method: "GET", path: "/me", headers: bearer(access) });
      expect(me.body["code"]).toBe("token_revoked");
      const body = { refresh_token: refresh };
      const refreshed = await send(server, "/auth", { method: "POST", path: "/refresh", body });
      expect(refreshed.body["code"]).toBe("token_revoked");
    }
    await until("the server is ready", ready, 30_000);
    const goesOn = await send(server, "/auth", {
      method: "POST",
      path: "/refresh",
      body: { refresh_token: lasting.refresh },
    });
    expect(goesOn.status).toBe(200);
  });

  test("a logout is effective at once, and ends the session at Keycloak later", async () => {
    const admin = new RealmAdmin(keycloak.url);
    const { access } = await signIn(server, "trent", "guessed at too often");
    expect(await admin.sessions(realm, "trent")).toBe(1);
    keycloak.freeze();
    const logout = await send(server, "/auth", { method: "POST", path: "/logout", headers: bearer(access) });
    expect(logout.status).toBe(200);
    const me = await send(server, "/auth", { method: "GET", path: "/me", headers: bearer(access) });
    expect(me.body["code"]).toBe("token_revoked");
    keycloak.thaw();
    await until(
      "Keycloak has ended the session",
      async () => (await admin.sessions(realm, "trent")) === 0,
      60_000,
    );
  });
});
