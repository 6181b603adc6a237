import { describe, expect, test } from "vitest";
import { check, claimsOf, mounts, send, signIn } from "./api-case.ts";
import { localWorld, sharedServer } from "./provider-world.ts";
import { refresh, refreshContract, refreshed, refusedRefresh } from "./refresh-contract.ts";

refreshContract(localWorld);

const serverOf = sharedServer(localWorld, { SESSION_IDLE: "2h", SESSION_MAX: "5h" });

describe.each(mounts)("%s/refresh, with local sessions", (mount) => {
  const minute = 60_000;

  test("a current token is traded if the refresh token is null", async () => {
    const { access } = await signIn(serverOf());
    await check(serverOf(), mount, refresh({ refresh_token: null, current_token: access }), refreshed);
  });

  test("a trade of a current token gives no refresh token", async () => {
    const { access, refresh: token } = await signIn(serverOf());
    serverOf().advance(30 * minute);
    const answer = await check(serverOf(), mount, refresh({ current_token: access }), {
      ...refreshed,
      absent: ["refresh_token"],
    });
    const claims = claimsOf(String(answer.body["access_token"]));
    expect(claims["sid"]).toBe(claimsOf(access)["sid"]);
    expect(claims["exp"]).toBeGreaterThan(Number(claimsOf(access)["exp"]));
    await check(serverOf(), mount, refresh({ refresh_token: token }), refreshed);
  });

  test("no token outlives its session", async () => {
    const opened = Math.floor(serverOf().now() / 1000);
    let { access } = await signIn(serverOf());
    for (let use = 0; use < 9; use++) {
      serverOf().advance(30 * minute);
      const answer = await send(serverOf(), mount, refresh({ current_token: access }));
      expect(answer.status).toBe(200);
      access = String(answer.body["access_token"]);
      expect(claimsOf(access)["exp"]).toBeLessThanOrEqual(opened + 5 * 3600);
    }
    serverOf().advance(30 * minute + 1000);
    await check(serverOf(), mount, refresh({ current_token: access }), refusedRefresh("token_expired"));
  });

  test("an unused session expires", async () => {
    const { access, refresh: token } = await signIn(serverOf());
    serverOf().advance(120 * minute);
    await check(serverOf(), mount, refresh({ refresh_token: token }), refusedRefresh("token_expired"));
    await check(serverOf(), mount, refresh({ current_token: access }), refusedRefresh("token_expired"));
  });

  test("a disabled user's session has ended", async () => {
    const { access, refresh: token } = await signIn(serverOf(), "bob");
    await serverOf().server.people.setActive("bob", false);
    await serverOf().server.backgroundJobs.poll();
    await check(serverOf(), mount, refresh({ refresh_token: token }), refusedRefresh("token_revoked"));
    await check(serverOf(), mount, refresh({ current_token: access }), refusedRefresh("token_revoked"));
    await serverOf().server.people.setActive("bob", true);
    await check(serverOf(), mount, refresh({ refresh_token: token }), refusedRefresh("token_revoked"));
  });
});
