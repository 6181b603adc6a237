import type { TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { bearer, check, claimsOf, send, signIn } from "./api-case.ts";
import { refresh, refreshed, refusedRefresh } from "./refresh-contract.ts";

const hour = 3_600_000;

async function trade(server: TestServer, access: string): Promise<string> {
  const { body } = await check(server, "/auth", refresh({ current_token: access }), {
    ...refreshed,
    body: { token_type: "bearer" },
  });
  return String(body["access_token"]);
}

/** The contract of refreshes by access token alone: their limits. @param open as `testServer` */
export function currentTokenContract(name: string, open: typeof testServer): void {
  describe(`trades of a current token: ${name}`, () => {
    test("a chain of trades, and every token of it, ends a day after the login", async () => {
      await using server = await open();
      const opened = Math.floor(server.now() / 1000);
      let { access } = await signIn(server);
      for (let step = 0; step < 26; step++) {
        server.advance(0.9 * hour);
        access = await trade(server, access);
      }
      expect(claimsOf(access)["exp"]).toBe(opened + 24 * 3600);
      server.advance(0.6 * hour + 1000);
      await check(server, "/auth", refresh({ current_token: access }), refusedRefresh("token_expired"));
    });

    test("a refresh by refresh token starts a new day for trades", async () => {
      await using server = await open();
      const { refresh: token } = await signIn(server);
      server.advance(20 * hour);
      const { body } = await check(server, "/auth", refresh({ refresh_token: token }), refreshed);
      let access = String(body["access_token"]);
      for (let step = 0; step < 20; step++) {
        server.advance(0.9 * hour);
        access = await trade(server, access);
      }
      expect(
        (await send(server, "/auth", { method: "GET", path: "/me", headers: bearer(access) })).status,
      ).toBe(200);
    });

    test("a token lifetime above a day is the limit of its chain of trades", async () => {
      await using server = await open({ ACCESS_TOKEN_TTL: "2d" });
      const { access } = await signIn(server);
      server.advance(30 * hour);
      const next = await trade(server, access);
      expect(claimsOf(next)["exp"]).toBe(claimsOf(access)["exp"]);
    });

    test("a live token of an older chain is refused, and the log says why", async () => {
      const ISSUER = "http://latchkey.test";
      await using before = await open({ ISSUER, ACCESS_TOKEN_TTL: "2d" });
      const { access } = await signIn(before);
      await using server = await open({ ISSUER, DATABASE: before.database });
      server.advance(25 * hour);
      const me = { method: "GET", path: "/me", headers: bearer(access) } as const;
      expect((await send(server, "/auth", me)).status).toBe(200);
      await check(server, "/auth", refresh({ current_token: access }), refusedRefresh("token_expired"));
      const reasons = server.logged().map(({ reason }) => reason);
      expect(reasons).toContain("no login and no refresh token for a day");
    });

    test("a server without trades answers 422 and counts no attempt", async () => {
      await using server = await open({ CURRENT_TOKEN: "off", THROTTLE_ADDRESS: "1/15m" });
      const { access, refresh: token } = await signIn(server);
      for (let time = 0; time < 12; time++) {
        await check(server, "/auth", refresh({ current_token: time % 2 ? access : "x" }), {
          status: 422,
          code: "validation_error",
          body: {
            detail: [
              {
                loc: ["body", "current_token"],
                msg: "Send refresh_token: this server trades no access tokens",
                type: "value_error",
              },
            ],
          },
        });
      }
      await check(server, "/auth", refresh({ refresh_token: token, current_token: access }), refreshed);
    });
  });
}
