import { writeFileSync } from "node:fs";
import { createGuard } from "@latchkey/guard";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { logout, me, refresh, send, signIn } from "@latchkey/testkit/server/auth-calls";
import {
  adminPassword,
  type Environment,
  Place,
  type ServerProcess,
} from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replica, replicaEnvironment } from "../postgres/replica.ts";

/** Longer than two intervals between purges of a server, in milliseconds. */
const purgeTimeout = 150_000;
/** Without a configured issuer, a guard finds keys and ended sessions at the server's address. */
const ownIssuer = { LATCHKEY_ISSUER: "" };

const place = new Place();
let postgres: PostgresServer | undefined;
beforeAll(async () => {
  postgres = await PostgresServer.make({ binaries: debianBinaries() });
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

/** Sets the wall clock of a process through libfaketime. Its steady clock stays true. */
class WallClock {
  readonly #file: string;

  constructor(place: Place, offset = "+0") {
    this.#file = place.path(`clock-${Math.random().toString(36).slice(2)}`);
    this.set(offset);
  }

  /** @param offset in the format of faketime, such as `+2h` */
  set(offset: string): void {
    writeFileSync(this.#file, offset);
  }

  get environment(): Environment {
    return {
      LD_PRELOAD: "/usr/$LIB/faketime/libfaketimeMT.so.1",
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
  }
}

/** The lag of deletions behind the wall clock, in seconds. The server measures it at every purge. */
const lagOf = async ({ url }: ServerProcess): Promise<number> =>
  Number(/^latchkey_deletion_lag_seconds (\S+)$/m.exec((await send(`${url}/metrics`)).text)?.[1]);

test.concurrent("a logout survives a clean-up while the wall clock is 100 days ahead", async () => {
  const clock = new WallClock(place);
  const server = await place.server({ env: { ...ownIssuer, ...clock.environment } });
  const gone = await signIn(server.url, "admin", adminPassword);
  const stays = await signIn(server.url, "admin", adminPassword);
  expect(await logout(server.url, gone.access)).toMatchObject({ status: 200 });
  clock.set("+100d");
  await until("the server notices the step", async () => (await lagOf(server)) > 8_000_000, purgeTimeout);
  await until("the step is in the log", () =>
    server.stdout().includes("the clock jumped ahead of elapsed time"),
  );
  clock.set("+0");

  expect(await me(server.url, gone.access)).toMatchObject({ status: 401, body: { code: "token_revoked" } });
  expect(await refresh(server.url, stays.refresh)).toMatchObject({ status: 200 });
  await using guard = createGuard({ issuer: server.url });
  await expect(guard.verify(gone.access)).rejects.toMatchObject({ code: "token_revoked" });
  await server.stop();
});

test.concurrent("a replica with a fast clock deletes nothing, and logs its offset", async () => {
  const database = (await postgres?.database()) ?? "";
  const right = await replica(place, database);
  const gone = await signIn(right.url, "admin", adminPassword);
  const stays = await signIn(right.url, "admin", adminPassword);
  expect(await logout(right.url, gone.access)).toMatchObject({ status: 200 });
  await right.stop();
  const purgedAt = async () => (await postgres?.query("select seen_at from deletion_time", database))?.[0];
  const before = await purgedAt();
  const fast = await replica(place, database, new WallClock(place, "+100d").environment);
  await fast.says(/(this machine's clock is 86\d+ seconds ahead of the database's)/);
  expect((await send(`${fast.url}/health/ready`)).body).toMatchObject({
    status: "ready",
    warnings: [expect.stringContaining("ahead of the database's")],
  });
  const hasPurged = async () => (await purgedAt())?.["seen_at"] !== before?.["seen_at"];
  await until("the fast replica has purged", hasPurged, purgeTimeout);
  await fast.stop();
  const ahead = { ...replicaEnvironment(database), ...new WallClock(place, "+1h").environment };
  const check = await place.latchkey(["database", "check"], { env: ahead });
  const [, offset, bound] =
    /^clock offset +(\d+\.\d{3}) seconds, measured to within (\d+\.\d{3})$/m.exec(check.stdout) ?? [];
  expect(Math.abs(Number(offset) - 3600)).toBeLessThanOrEqual(Number(bound));
  expect(check.stdout).toMatch(/^wrong: its clock is -3600 seconds off this machine's/m);
  expect(check.status).toBe(1);

  const fresh = await replica(place, database);
  expect(await me(fresh.url, gone.access)).toMatchObject({ status: 401, body: { code: "token_revoked" } });
  expect(await refresh(fresh.url, stays.refresh)).toMatchObject({ status: 200 });
  await fresh.stop();
});
