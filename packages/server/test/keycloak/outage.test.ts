import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, send, signIn } from "../api/api-case.ts";
import { unthrottled } from "../api/login-contract.ts";
import type { TestServer } from "../api/test-server.ts";
import { until } from "../process/until.ts";
import { acceptanceRealm } from "./acceptance-realm.ts";
import { distribution } from "./distribution.ts";
import { KeycloakProcess } from "./keycloak-process.ts";
import { crowd, OutageLoad } from "./outage-load.ts";
import { sameTimes } from "./own-realm.ts";
import { RealmAdmin } from "./realm-admin.ts";
import { realmServer } from "./realm-server.ts";
import { givenUrl } from "./requirements.ts";

const timeout = 2_000;
/** The longest that one request asks of Keycloak is: who are you, may I, and then the question itself. */
const bound = 3 * timeout + 5_000;
const realm = "outage";

/** One that was given is not ours to kill. */
describe.skipIf(givenUrl !== undefined)("while Keycloak is gone", { timeout: 300_000 }, () => {
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
    // Readiness is shared for a moment of the server's own time.
    ticking = setInterval(() => server.advance(50), 50);
  });
  afterAll(async () => {
    clearInterval(ticking);
    await server[Symbol.asyncDispose]();
    await keycloak[Symbol.asyncDispose]();
  });

  const ready = async () => (await fetch(`${server.url}/health/ready`)).status === 200;

  test.each([
    ["killed, and started again", async () => keycloak.kill(), async () => keycloak.begin()],
    ["frozen, and going on", async () => keycloak.freeze(), async () => keycloak.thaw()],
  ] as const)(
    "%s, under load: no request hangs, checks go on, nothing that was acknowledged is lost",
    async (_how, goes, comes) => {
      const lasting = await signIn(server, "bob");
      server.newEvents();
      await using load = new OutageLoad(server.url, bound, lasting.access);
      const answered = (operation: "login" | "logout" | "ready", status: number, from = 0) =>
        load
          .of(operation)
          .slice(from)
          .filter((outcome) => outcome.status === status).length;

      await until("people sign in and out", () => answered("logout", 200) > 10, 60_000);
      await goes();
      await until(
        "logins are refused, and readiness says so",
        () => answered("login", 503) > 30 && answered("ready", 503) > 5,
        60_000,
      );
      const outage = load.of("login").length;
      await comes();
      await until("people sign in again", () => answered("login", 200, outage) > 10, 180_000);
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
      // A session that was opened as Keycloak went may not be there any more when it comes back.
      const lost = ["refresh 401 token_revoked", "refresh 401 invalid_token"];
      expect([...seen].filter((one) => !foreseen.includes(one) && !lost.includes(one))).toEqual([]);
      const refusals = load.outcomes.filter(({ status }) => status === 503);
      expect(refusals.filter(({ retryAfter }) => !/^([1-9]|10)$/.test(retryAfter ?? ""))).toEqual([]);

      const events = server.newEvents();
      const told = (name: string) =>
        new Set(events.filter((event) => event.name === name).map((event) => event.session_id));
      for (const sid of load.opened) expect(told("login.succeeded")).toContain(sid);
      for (const { sid, access, refresh } of load.signedOut) {
        expect(told("session.ended")).toContain(sid);
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
    },
  );

  test("people who sign out are signed out at once, and Keycloak hears of it when it is back", async () => {
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
