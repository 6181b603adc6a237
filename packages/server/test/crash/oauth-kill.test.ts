import { registerClient } from "@latchkey/testkit/oauth/client-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { clientLoad, type Grant, Grants } from "./grants.ts";

const crashes = Number(process.env["LATCHKEY_CRASHES"] ?? 25);
const issuer = "http://127.0.0.1:4999";
const place = new Place();

/** The throttle would hide losses. Each session must outlast the run. */
const env = {
  LATCHKEY_ISSUER: issuer,
  LATCHKEY_SESSIONS_PER_USER: "1000000",
  LATCHKEY_THROTTLE_PAIR: "100000/1h",
  LATCHKEY_THROTTLE_ACCOUNT: "100000/1h",
  LATCHKEY_THROTTLE_ADDRESS: "100000/1h",
};

test(`no answered code or session is lost in ${crashes} crashes, and no code is traded twice`, async () => {
  const grants = new Grants({ username: "admin", password: adminPassword });
  let server = await place.server({ env });
  const clientId = await registerClient(server.url);

  for (let crash = 1; crash <= crashes; crash++) {
    const known = grants.all.length;
    const load = clientLoad({ url: server.url, issuer, clientId }, grants, 12);
    // After a random number of answers, so that crashes hit any state.
    const enough = grants.answered.redeemed + 10 + Math.random() * 60;
    await until("the clients have sessions", () => grants.answered.redeemed >= enough, 20_000);
    expect(await server.stop("SIGKILL")).toEqual({ status: null, signal: "SIGKILL" });
    expect(server.stderr()).toBe("");
    await load;
    server = await place.server({ env });
    const at = { url: server.url, issuer, clientId };
    await inTurn(grants.all.slice(known), (grant) => grants.check(at, grant));
    expect(grants.broken, `after crash ${crash}`).toEqual([]);
  }

  expect(await server.stop()).toEqual({ status: 0, signal: null });
  for (const count of Object.values(grants.answered)) expect(count).toBeGreaterThan(crashes);
});

/** Checks a few grants at a time. */
async function inTurn(grants: readonly Grant[], check: (grant: Grant) => Promise<void>): Promise<void> {
  const rest = [...grants];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let grant = rest.pop(); grant !== undefined; grant = rest.pop()) await check(grant);
    }),
  );
}
