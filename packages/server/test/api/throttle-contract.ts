import { passwords, type TestServer, type testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { send, signIn } from "./api-case.ts";
import { heldHasher } from "./held-hasher.ts";

const rules = {
  THROTTLE_PAIR: "5/15m",
  THROTTLE_ACCOUNT: "12/1h",
  THROTTLE_ADDRESS: "20/15m",
  TRUSTED_PROXIES: "127.0.0.1",
};
const minute = 60_000;

/** Tries a password from an address, through the trusted proxy. */
function attempt(server: TestServer, username: string, password: string, from: string) {
  return send(server, "/auth", {
    method: "POST",
    path: "/login",
    body: { username, password },
    headers: { "x-forwarded-for": from },
  });
}

async function fail(server: TestServer, times: number, username: string, from: string) {
  const statuses: number[] = [];
  for (let time = 0; time < times; time++) {
    statuses.push((await attempt(server, username, "wrong", from)).status);
  }
  return statuses;
}

/** The contract of the throttle, for every attempt counter. @param open as `testServer` */
export function throttleContract(name: string, open: typeof testServer): void {
  describe(`limits of failed attempts: ${name}`, () => {
    describe("a guesser", () => {
      test("gets 429 beyond the limit of the pair, with the wait and one event", async () => {
        await using server = await open(rules);
        expect(await fail(server, 5, "alice", "192.0.2.1")).toEqual(Array(5).fill(401));
        server.newEvents();
        server.advance(5 * minute);
        const refused = await attempt(server, "alice", passwords.alice, "192.0.2.1");
        expect(refused.status).toBe(429);
        expect(refused.body).toEqual({
          code: "rate_limited",
          detail: "Too many attempts: try again later",
          message: "Too many attempts: try again later",
        });
        expect(refused.headers.get("retry-after")).toBe("600");
        expect(refused.headers.get("ratelimit-policy")).toBe('"login-pair";q=5;w=900');
        expect(refused.headers.get("ratelimit")).toBe('"login-pair";r=0;t=600');
        await attempt(server, "alice", "wrong", "192.0.2.1");
        expect(server.newEvents()).toMatchObject([
          { name: "login.throttled", subject: "user:alice", address: "192.0.2.1", reason: "pair" },
        ]);
        server.advance(10 * minute);
        expect((await attempt(server, "alice", passwords.alice, "192.0.2.1")).status).toBe(200);
      });

      test("waits equally long after a step of the wall clock", async () => {
        await using server = await open(rules);
        expect(await fail(server, 5, "alice", "192.0.2.1")).toEqual(Array(5).fill(401));
        const day = 24 * 60 * minute;
        for (const step of [-day, 2 * day]) {
          server.stepWallClock(step);
          const refused = await attempt(server, "alice", passwords.alice, "192.0.2.1");
          expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "900"]);
        }
      });

      test("gains nothing by spelling the name differently", async () => {
        await using server = await open(rules);
        const spellings = ["alice", "ALICE", " alice ", "ａｌｉｃｅ", "Alice@example.com"];
        for (const username of spellings) {
          expect((await attempt(server, username, "wrong", "192.0.2.1")).status).toBe(401);
        }
        for (const username of spellings) {
          expect((await attempt(server, username, "wrong", "192.0.2.1")).status).toBe(429);
        }
      });

      test("gains nothing by a hundred guesses at once", async () => {
        await using server = await open({ ...rules, HASH_QUEUE: "200" });
        const before = server.hashes();
        const answers = await Promise.all(
          Array.from({ length: 100 }, () => attempt(server, "alice", "wrong", "192.0.2.1")),
        );
        expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
        expect(answers.filter(({ status }) => status === 429)).toHaveLength(95);
        expect(server.hashes() - before).toBe(5);
      });

      test("gains nothing by changing the address within its /64", async () => {
        await using server = await open(rules);
        for (let host = 1; host <= 5; host++) {
          expect((await attempt(server, "alice", "wrong", `2001:db8::${host}`)).status).toBe(401);
        }
        expect((await attempt(server, "alice", "wrong", "2001:db8::ffff")).status).toBe(429);
        expect((await attempt(server, "alice", "wrong", "2001:db8:0:1::1")).status).toBe(401);
      });

      test("with many names is stopped by the limit of the address", async () => {
        await using server = await open(rules);
        const statuses: number[] = [];
        for (let name = 0; name < 22; name++)
          statuses.push(...(await fail(server, 1, `nobody${name}`, "192.0.2.1")));
        expect(statuses).toEqual([...Array(20).fill(401), 429, 429]);
        expect((await attempt(server, "bob", passwords.bob, "192.0.2.2")).status).toBe(200);
      });

      test("with many addresses is stopped by the limit of the name, even unknown", async () => {
        await using server = await open(rules);
        for (const username of ["alice", "nobody"]) {
          const statuses: number[] = [];
          for (let from = 1; from <= 14; from++)
            statuses.push(...(await fail(server, 1, username, `192.0.2.${from}`)));
          expect(statuses).toEqual([...Array(12).fill(401), 429, 429]);
        }
      });
    });

    describe("a refused attempt", () => {
      test("counts under no limit that still has room", async () => {
        await using server = await open(rules);
        for (let from = 1; from <= 12; from++) await fail(server, 1, "alice", `192.0.2.${from}`);
        expect(await fail(server, 10, "alice", "192.0.2.99")).toEqual(Array(10).fill(429));
        server.advance(60 * minute);
        expect(await fail(server, 6, "alice", "192.0.2.99")).toEqual([...Array(5).fill(401), 429]);
      });
    });

    describe("the owner", () => {
      test("gets 429 for a wrong password if the limit of the address is exhausted", async () => {
        await using server = await open(rules);
        expect((await attempt(server, "alice", passwords.alice, "192.0.2.1")).status).toBe(200);
        for (let name = 0; name < 20; name++) await fail(server, 1, `nobody${name}`, "192.0.2.1");
        server.newEvents();
        expect(await fail(server, 1, "alice", "192.0.2.1")).toEqual([429]);
        expect(await fail(server, 1, "bob", "192.0.2.1")).toEqual([429]);
        // The owner's failure must not take the place of the one event for the exhausted limit.
        expect(server.newEvents().map(({ name }) => name)).toEqual(["login.failed", "login.throttled"]);
        expect((await attempt(server, "alice", passwords.alice, "192.0.2.1")).status).toBe(200);
      });

      test("is not locked out if strangers exhaust the limit of the account", async () => {
        await using server = await open(rules);
        expect((await attempt(server, "alice", passwords.alice, "198.51.100.1")).status).toBe(200);
        for (let from = 1; from <= 12; from++) await fail(server, 1, "alice", `192.0.2.${from}`);
        expect((await attempt(server, "alice", "wrong", "192.0.2.99")).status).toBe(429);
        expect((await attempt(server, "alice", passwords.alice, "198.51.100.1")).status).toBe(200);
      });

      test("is not locked out if a neighbour exhausts the limit of the address", async () => {
        await using server = await open(rules);
        expect((await attempt(server, "alice", passwords.alice, "192.0.2.1")).status).toBe(200);
        for (let name = 0; name < 20; name++) await fail(server, 1, `nobody${name}`, "192.0.2.1");
        expect((await attempt(server, "bob", passwords.bob, "192.0.2.1")).status).toBe(429);
        expect((await attempt(server, "alice", passwords.alice, "192.0.2.1")).status).toBe(200);
      });

      test("is never refused for successful logins, also in parallel", async () => {
        await using server = await open(rules);
        for (let round = 0; round < 10; round++) {
          const answers = await Promise.all(
            Array.from({ length: 5 }, () => attempt(server, "alice", passwords.alice, "192.0.2.1")),
          );
          expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
        }
      });

      test("gets Retry-After: 1 for too many simultaneous logins", async () => {
        const held = heldHasher();
        await using server = await open(rules, held.hasher);
        held.hold();
        const logins = Array.from({ length: 6 }, () =>
          attempt(server, "alice", passwords.alice, "192.0.2.1"),
        );
        const late = await Promise.race(logins);
        expect([late.status, late.headers.get("retry-after")]).toEqual([429, "1"]);
        held.letGo();
        expect((await Promise.all(logins)).filter(({ status }) => status === 200)).toHaveLength(5);
        expect((await attempt(server, "alice", passwords.alice, "192.0.2.1")).status).toBe(200);
      });
    });

    describe("X-Forwarded-For", () => {
      const lies = { ...rules, TRUSTED_PROXIES: "" };

      test("is ignored without a trusted proxy", async () => {
        await using server = await open(lies);
        for (let from = 1; from <= 5; from++) await fail(server, 1, "alice", `192.0.2.${from}`);
        expect(await fail(server, 1, "alice", "192.0.2.6")).toEqual([429]);
        expect(server.newEvents().every(({ address }) => address === "127.0.0.1")).toBe(true);
      });

      test("is read from the right, up to the first untrusted hop", async () => {
        await using server = await open(rules);
        for (let lie = 1; lie <= 5; lie++) await fail(server, 1, "alice", `10.9.8.${lie}, 192.0.2.1`);
        expect(await fail(server, 1, "alice", "10.9.8.6, 192.0.2.1")).toEqual([429]);
        expect(server.newEvents().every(({ address }) => address === "192.0.2.1")).toBe(true);
      });

      test("with an IPv4 address in IPv6 form is audited as IPv4", async () => {
        await using server = await open(rules);
        await attempt(server, "alice", "wrong", "::FFFF:192.0.2.7");
        expect(server.newEvents()).toMatchObject([{ name: "login.failed", address: "192.0.2.7" }]);
      });

      test("without an address counts as the proxy's own", async () => {
        await using server = await open(rules);
        for (let lie = 1; lie <= 5; lie++) await fail(server, 1, "alice", `<lie ${lie}>`);
        expect(await fail(server, 1, "alice", "<lie 6>")).toEqual([429]);
        expect(server.newEvents().every(({ address }) => address === "127.0.0.1")).toBe(true);
      });
    });

    describe("refresh", () => {
      const refresh = (server: Awaited<ReturnType<typeof testServer>>, token: string, from: string) =>
        send(server, "/auth", {
          method: "POST",
          path: "/refresh",
          body: { refresh_token: token },
          headers: { "x-forwarded-for": from },
        });

      test("made-up tokens are stopped at ten times the address limit of logins", async () => {
        await using server = await open({ ...rules, THROTTLE_ADDRESS: "3/15m" });
        const statuses: number[] = [];
        for (let time = 0; time < 31; time++)
          statuses.push((await refresh(server, `lkr_${time}`, "192.0.2.1")).status);
        expect(statuses).toEqual([...Array(30).fill(401), 429]);
        expect(server.newEvents().map(({ name }) => name)).toContain("refresh.throttled");
      });

      test("made-up tokens stop no refresh by either token, and no login", async () => {
        await using server = await open({ ...rules, THROTTLE_ADDRESS: "3/15m" });
        const from = "192.0.2.1";
        const { access, refresh: token } = await signIn(server);
        const sealed = Buffer.from(token.slice(4), "base64url");
        sealed[20] = (sealed[20] ?? 0) ^ 1;
        const forged = `lkr_${sealed.toString("base64url")}`;
        for (let time = 0; time < 31; time++) await refresh(server, forged, from);
        expect((await refresh(server, forged, from)).status).toBe(429);
        const trade = (current_token: string) =>
          send(server, "/auth", {
            method: "POST",
            path: "/refresh",
            body: { current_token },
            headers: { "x-forwarded-for": from },
          });
        expect((await trade(`${access.slice(0, -8)}AAAAAAAA`)).status).toBe(429);
        expect((await trade(access)).status).toBe(200);
        const next = await refresh(server, token, from);
        expect(next.status).toBe(200);
        expect((await refresh(server, String(next.body["refresh_token"]), from)).status).toBe(200);
        expect((await attempt(server, "bob", passwords.bob, from)).status).toBe(200);
      });

      test("made-up current tokens are stopped at the address, expired ones are not", async () => {
        await using server = await open({ ...rules, THROTTLE_ADDRESS: "1/15m" });
        const { access } = await signIn(server);
        server.advance(60 * minute);
        const trade = async (current_token: string) => {
          const body = { current_token };
          const answer = await send(server, "/auth", { method: "POST", path: "/refresh", body });
          return [answer.status, answer.body["code"]];
        };
        for (let time = 0; time < 11; time++) expect(await trade(access)).toEqual([401, "token_expired"]);
        for (let time = 0; time < 10; time++) expect(await trade("a.b.c")).toEqual([401, "invalid_token"]);
        expect(await trade("a.b.c")).toEqual([429, "rate_limited"]);
        expect(await trade(access)).toEqual([401, "token_expired"]);
      });

      test("tokens of an ended session stop no other session of the user", async () => {
        await using server = await open({ ...rules, THROTTLE_PAIR: "1/15m", THROTTLE_ACCOUNT: "1/1h" });
        const ended = await signIn(server);
        const headers = { authorization: `Bearer ${ended.access}` };
        await send(server, "/auth", { method: "POST", path: "/logout", headers });
        const live = await signIn(server);
        for (let time = 0; time < 10; time++) await refresh(server, ended.refresh, "127.0.0.1");
        expect((await refresh(server, ended.refresh, "127.0.0.1")).status).toBe(429);
        expect((await refresh(server, live.refresh, "127.0.0.1")).status).toBe(200);
      });

      test("tokens of an ended session exhaust only the limits of that session", async () => {
        await using server = await open({ ...rules, THROTTLE_PAIR: "2/15m" });
        const { access, refresh: token } = await signIn(server);
        const headers = { authorization: `Bearer ${access}` };
        await send(server, "/auth", { method: "POST", path: "/logout", headers });
        for (let time = 0; time < 20; time++)
          expect((await refresh(server, token, "192.0.2.1")).status).toBe(401);
        const refused = await refresh(server, token, "192.0.2.1");
        expect([refused.status, refused.headers.get("ratelimit-policy")]).toEqual([
          429,
          '"refresh-pair";q=20;w=900',
        ]);
        const roaming = await signIn(server);
        for (let from = 1; from <= 130; from++) await refresh(server, token, `192.0.3.${from}`);
        expect((await refresh(server, token, "192.0.3.131")).headers.get("ratelimit-policy")).toMatch(
          /refresh-account/,
        );
        expect((await refresh(server, roaming.refresh, "203.0.113.9")).status).toBe(200);
        const other = await signIn(server, "bob");
        expect((await refresh(server, other.refresh, "192.0.2.1")).status).toBe(200);
      });
    });
  });
}
