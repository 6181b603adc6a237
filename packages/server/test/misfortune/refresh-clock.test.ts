import { writeFileSync } from "node:fs";
import { refresh, signIn, tokensOf } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, type Environment, Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";

const hour = 3_600;
const graceMs = 400;

const place = new Place();
let servers = 0;

/** A server under libfaketime. Its wall clock follows a file, and its monotonic clock stays true. */
async function serverWithClock(settings: Environment = {}) {
  const name = `server-${servers++}`;
  const file = place.path(`${name}.offset`);
  const setWallClock = (seconds: number) => writeFileSync(file, `${seconds >= 0 ? "+" : ""}${seconds}`);
  setWallClock(0);
  const server = await place.server({
    database: place.path(`${name}.db`),
    env: {
      LD_PRELOAD: "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      ...settings,
    },
  });
  return { server, setWallClock };
}

test("a replay gets no successor while the wall clock is an hour back", async () => {
  const { server, setWallClock } = await serverWithClock({
    LATCHKEY_REFRESH_GRACE: `${graceMs}ms`,
    LATCHKEY_REFRESH_GRACE_SAME_ADDRESS: `${graceMs}ms`,
  });
  const { refresh: used } = await signIn(server.url, "admin", adminPassword);
  const { refresh: next } = tokensOf(await refresh(server.url, used));
  const rotatedAt = performance.now();
  setWallClock(-hour);
  await until("the grace is over", () => performance.now() - rotatedAt > graceMs);
  expect(await refresh(server.url, used)).toMatchObject({ status: 401, body: { code: "token_revoked" } });
  expect(await refresh(server.url, next)).toMatchObject({ status: 401, body: { code: "token_revoked" } });
  await until("the replay is in the log", () => server.stdout().includes('"event":"refresh.replayed"'));
});

test.each([-hour, hour])("two tabs stay signed in while the wall clock steps by %i s", async (step) => {
  const { server, setWallClock } = await serverWithClock();
  const { refresh: used } = await signIn(server.url, "admin", adminPassword);
  const one = tokensOf(await refresh(server.url, used));
  setWallClock(step);
  const other = tokensOf(await refresh(server.url, used));
  expect(one.refresh).toBe(other.refresh);
  expect((await refresh(server.url, one.refresh)).status).toBe(200);
});
