import { passwords, type TestServer, type testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { bearer, claimsOf, send } from "./api-case.ts";

const behindProxy = { TRUSTED_PROXIES: "127.0.0.1" };
const hour = 3_600_000;
const home = "192.0.2.1";
export const elsewhere = "198.51.100.7";

/** Presents a refresh token from an address, through the trusted proxy. */
export async function present(server: TestServer, token: string, from: string = home) {
  const { status, body } = await send(server, "/auth", {
    method: "POST",
    path: "/refresh",
    body: { refresh_token: token },
    headers: { "x-forwarded-for": from },
  });
  return {
    status,
    code: body["code"],
    next: String(body["refresh_token"]),
    access: String(body["access_token"]),
  };
}

const names = (server: TestServer) => server.newEvents().map(({ name }) => name);
const replay = ["refresh.replayed", "session.ended"];
const revoked = { status: 401, code: "token_revoked" };

/** The contract of the refresh grace: time, number and address of repeats. @param open as `testServer` */
export function refreshGraceContract(name: string, open: typeof testServer): void {
  /** Opens a session from `home` and uses its first refresh token. */
  async function rotated(server: TestServer) {
    const { body } = await send(server, "/auth", {
      method: "POST",
      path: "/login",
      body: { username: "alice", password: passwords.alice },
      headers: { "x-forwarded-for": home },
    });
    const used = String(body["refresh_token"]);
    const { next, access } = await present(server, used);
    server.newEvents();
    return { used, next, sessionId: String(claimsOf(access)["sid"]) };
  }

  describe(`the grace of a repeated refresh token: ${name}`, () => {
    test("a thief at another address leaves an event with every repeat", async () => {
      await using server = await open(behindProxy);
      let { used, next, sessionId } = await rotated(server);
      for (let round = 0; round < 3; round++) {
        server.advance(9_000);
        expect(await present(server, used, elsewhere)).toMatchObject({ status: 200, next });
        const theft = { address: elsewhere, session_id: sessionId, subject: "user:alice" };
        expect(server.newEvents()).toMatchObject([
          { name: "refresh.repeated", reason: "other_address", ...theft },
        ]);
        used = next;
        ({ next } = await present(server, used));
        server.newEvents();
      }
    });

    test("another address gets the successor for ten seconds", async () => {
      await using server = await open(behindProxy);
      const { used, next } = await rotated(server);
      server.advance(10_000);
      expect(await present(server, used, elsewhere)).toMatchObject({ status: 200, next });
      server.newEvents();
      server.advance(1);
      expect(await present(server, used, elsewhere)).toMatchObject(revoked);
      expect(names(server)).toEqual(replay);
    });

    test("the session's own address gets the successor for a minute", async () => {
      await using server = await open(behindProxy);
      const { used, next } = await rotated(server);
      server.advance(60_000);
      expect(await present(server, used)).toMatchObject({ status: 200, next });
      expect(server.newEvents()).toMatchObject([
        { name: "refresh.repeated", reason: "same_address", address: home },
      ]);
      server.advance(1);
      expect(await present(server, used)).toMatchObject(revoked);
      expect(names(server)).toEqual(replay);
    });

    test("settings bound both graces, and 0s turns the grace off everywhere", async () => {
      await using server = await open({
        ...behindProxy,
        REFRESH_GRACE: "2s",
        REFRESH_GRACE_SAME_ADDRESS: "20s",
      });
      const { used } = await rotated(server);
      server.advance(20_000);
      expect((await present(server, used)).status).toBe(200);
      server.advance(1);
      expect(await present(server, used)).toMatchObject(revoked);
      await using strict = await open({ ...behindProxy, REFRESH_GRACE: "0s" });
      const other = await rotated(strict);
      strict.advance(1);
      expect(await present(strict, other.used)).toMatchObject(revoked);
    });

    test("the twenty-first repeat of a generation is a replay", async () => {
      await using server = await open(behindProxy);
      const { used, next } = await rotated(server);
      for (let repeat = 0; repeat < 20; repeat++) {
        expect((await present(server, used, repeat % 2 ? home : elsewhere)).status).toBe(200);
      }
      const { next: third } = await present(server, next);
      for (let repeat = 0; repeat < 20; repeat++) expect((await present(server, next)).next).toBe(third);
      server.newEvents();
      expect(await present(server, next)).toMatchObject(revoked);
      expect(names(server)).toEqual(replay);
      expect(await present(server, third)).toMatchObject(revoked);
    });

    test("twenty of fifty simultaneous repeats at two replicas get the successor", async () => {
      await using one = await open(behindProxy);
      await using other = await open({ ...behindProxy, DATABASE: one.database });
      const { used, next } = await rotated(one);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, repeat) => present(repeat % 2 ? one : other, used)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
      expect(answers.filter(({ code }) => code === "token_revoked")).toHaveLength(30);
      expect(await present(one, next)).toMatchObject(revoked);
    });

    test("a replay is refused after the wall clock is set back an hour", async () => {
      await using server = await open(behindProxy);
      const { used } = await rotated(server);
      server.stepWallClock(-hour);
      server.advance(60_001);
      expect(await present(server, used)).toMatchObject(revoked);
      expect(names(server)).toEqual(replay);
    });

    test("a replay is refused if the wall clock is set back to the rotation", async () => {
      await using server = await open(behindProxy);
      const { used } = await rotated(server);
      server.advance(hour);
      server.stepWallClock(-hour);
      expect(await present(server, used)).toMatchObject(revoked);
    });

    test("a replica an hour behind gives no successor to a replay", async () => {
      await using one = await open(behindProxy);
      await using behind = await open({ ...behindProxy, DATABASE: one.database });
      behind.stepWallClock(-hour);
      const { used } = await rotated(one);
      behind.advance(60_001);
      expect(await present(behind, used)).toMatchObject(revoked);
    });

    test("a replica a second behind gives the successor", async () => {
      await using one = await open(behindProxy);
      await using behind = await open({ ...behindProxy, DATABASE: one.database });
      behind.stepWallClock(one.now() - behind.now() - 1_000);
      const { used, next } = await rotated(one);
      expect(await present(behind, used)).toMatchObject({ status: 200, next });
    });

    test.each([-hour, hour])("two tabs stay signed in across a clock step of %i ms", async (step) => {
      await using server = await open(behindProxy);
      const { used, next } = await rotated(server);
      server.stepWallClock(step);
      server.advance(1_000);
      expect(await present(server, used)).toMatchObject({ status: 200, next });
      expect((await present(server, next)).status).toBe(200);
    });

    test("/metrics counts the repeats by origin", async () => {
      const key = "a-metrics-key-of-more-than-32-characters";
      await using server = await open({ ...behindProxy, METRICS_KEYS: key });
      const { used } = await rotated(server);
      await present(server, used);
      await present(server, used, elsewhere);
      await present(server, used, elsewhere);
      const metrics = await (await fetch(`${server.url}/metrics`, { headers: bearer(key) })).text();
      expect(metrics).toContain('latchkey_refresh_repeats_total{origin="same_address"} 1\n');
      expect(metrics).toContain('latchkey_refresh_repeats_total{origin="other_address"} 2\n');
    });
  });
}
