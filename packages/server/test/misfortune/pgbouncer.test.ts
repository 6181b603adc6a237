import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { login, logout, me, refresh, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { openStore } from "../../src/store/store.ts";
import { replica, replicaEnvironment } from "../postgres/replica.ts";
import { PgBouncer } from "../postgres/server/pgbouncer.ts";
import { expectRefusal } from "../process/refusal.ts";
import { event, session, user } from "../store/store-rows.ts";

const place = new Place();
let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await PostgresServer.make({ binaries: debianBinaries() });
});
afterAll(() => postgres[Symbol.asyncDispose]());

const refusal = (database: string) =>
  place.latchkey(["serve", "--port", "0"], { env: replicaEnvironment(database) });

describe("PgBouncer with session pooling", () => {
  test("serves sign-in, refresh, me and logout of several replicas", async () => {
    await using bouncer = await PgBouncer.start(postgres, { pool_mode: "session" });
    const database = bouncer.through(await postgres.database());
    const [one, two] = [await replica(place, database), await replica(place, database)];
    const tokens = await signIn(one.url, "admin", adminPassword);
    expect((await me(two.url, tokens.access)).status).toBe(200);
    expect((await refresh(two.url, tokens.refresh)).status).toBe(200);
    expect((await logout(one.url, tokens.access)).status).toBe(200);
    await until("the other replica refuses the token", async () => {
      const { status, body } = await me(two.url, tokens.access);
      return status === 401 && body["code"] === "token_revoked";
    });
    const logins = await Promise.all(
      Array.from({ length: 15 }, () => login(one.url, "admin", adminPassword)),
    );
    expect(new Set(logins.map(({ status }) => status))).toEqual(new Set([200]));
    await Promise.all([one.stop(), two.stop()]);
    const check = await place.latchkey(["database", "check"], { env: replicaEnvironment(database) });
    expect(check).toMatchObject({ status: 0, stderr: "" });
  });

  test("forwards notifications", async () => {
    await using bouncer = await PgBouncer.start(postgres, { pool_mode: "session" });
    const address = bouncer.through(await postgres.database());
    const open = () => openStore({ place: postgresUrl(address), onAudit: () => {} });
    const [one, two] = [await open(), await open()];
    let told = 0;
    two.onChange?.(() => told++);
    await until("the store listens", async () => told > 0, 10_000);
    await one.users.add(user("alice"), event("user.added"));
    await one.sessions.open(session("s1"), 0, event("login.succeeded"));
    const before = told;
    await one.sessions.end("s1", [event("session.ended")]);
    await until("the store is notified", async () => told > before, 10_000);
    await Promise.all([one.close(), two.close()]);
  });

  test("with one server connection is not mistaken for transaction pooling", async () => {
    await using bouncer = await PgBouncer.start(postgres, { pool_mode: "session", default_pool_size: "1" });
    const server = await replica(place, bouncer.through(await postgres.database()));
    await signIn(server.url, "admin", adminPassword);
    await server.stop();
  });

  test("sets the timeouts of every connection", async () => {
    await using bouncer = await PgBouncer.start(postgres, { pool_mode: "session" });
    const database = await postgres.database();
    const server = await replica(place, bouncer.through(database), {
      LATCHKEY_DATABASE_POOL: "2",
      LATCHKEY_DATABASE_TIMEOUT: "700ms",
    });
    await postgres.query("begin; lock table signing_keys; select pg_sleep(2); commit", database);
    await server.stop();
    expect(postgres.log).toMatch(/canceling statement due to (statement|lock) timeout/);
  });

  test("refuses a startup parameter, which the error names", async () => {
    await using bouncer = await PgBouncer.start(postgres, { pool_mode: "session" });
    const result = await refusal(`${bouncer.through(await postgres.database())}?options=-c%20geqo%3Doff`);
    expectRefusal(result, /unsupported startup parameter: options.*leave it out of LATCHKEY_DATABASE/);
    expect(result.stderr).not.toContain("start it");
  });
});

describe("PgBouncer with another pooling mode", () => {
  test.for([
    ["by transaction", { pool_mode: "transaction" }],
    ["by transaction, a single one", { pool_mode: "transaction", default_pool_size: "1" }],
    ["by transaction, in turns", { pool_mode: "transaction", server_round_robin: "1", min_pool_size: "5" }],
    ["by statement", { pool_mode: "statement" }],
  ] as const)("%s is refused in one line", async ([, settings]) => {
    await using bouncer = await PgBouncer.start(postgres, settings);
    const database = await postgres.database();
    const result = await refusal(bouncer.through(database));
    expectRefusal(result, /hands out connections by transaction.*pool_mode=session/);
    expect(result.stderr).not.toContain("start it");
    const tables = await postgres.query("select from pg_tables where schemaname = 'public'", database);
    expect(tables).toEqual([]);
  });
});
