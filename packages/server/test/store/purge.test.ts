import { describe, expect, test } from "vitest";
import type { Database } from "../../src/store/database.ts";
import { openSqlite } from "../../src/store/sqlite/engine.ts";
import { openStore } from "../../src/store/store.ts";
import { sweptSessions } from "../../src/store/tables/housekeeping.ts";
import { sweepInTurn } from "../../src/store/tables/sweep.ts";
import { type EarlierDatabase, earlierDatabases } from "./earlier-database.ts";
import { now } from "./store-rows.ts";

const day = 86_400_000;

const engines = earlierDatabases({ sqlite: 7, postgres: 6 });

const user = `insert into users (id, username, username_key, email, email_key, roles, password_hash, active, revision,
  created_at) values ('user:alice', 'alice', 'alice', 'a', 'a', '[]', '', 1, 0, 0)`;

/** `count` sessions with ids of six digits, from `first` on. */
const sessions = (first: number, count: number, expiresAt: string) => `
  with recursive series (n) as (select 0 union all select n + 1 from series where n < ${count - 1})
  insert into sessions (id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at, expires_at,
    ends_at, tokens_until, address_bucket)
  select 's' || (100000 + ${first} + n), 'user:alice', 0, '', 0, 0, 0, ${expiresAt}, ${now}, 0, '::1' from series`;

/** `count` events behind the newest one. */
const events = (count: number, at: number) => `
  with recursive series (n) as (select 1 union all select n + 1 from series where n < ${count})
  insert into audit_events (at, name, address) select ${at}, 'login.succeeded', '::1' from series`;

/** A store of today with these rows. */
async function opened(database: EarlierDatabase, rows: readonly string[]) {
  const store = await openStore({ place: database.place, onAudit: () => {} });
  for (const sql of rows) await database.run(sql);
  return store;
}

describe.each(engines)("a purge on %s", (_name, empty) => {
  test("deletes the expired sessions of all slices, and no other", async () => {
    await using database = await empty();
    // Every tenth of 12,000 sessions is live.
    const mixed = sessions(0, 12_000, `case when n % 10 = 3 then ${now + day} else ${now - 1} end`);
    const store = await opened(database, [user, mixed]);
    await store.purge(now, 90 * day);
    const live = await database.rows("select count(*) as count from sessions where expires_at > 0");
    expect(live).toEqual([{ count: 1_200 }]);
    expect(await database.rows(`select id from sessions where expires_at < ${now}`)).toEqual([]);
    await store.close();
  });

  test("deletes sessions whose access tokens have expired too", async () => {
    await using database = await empty();
    const store = await opened(database, [user, sessions(0, 2, `${now - 1}`)]);
    await database.run(`update sessions set tokens_until = ${now + 1} where id = 's100001'`);
    await store.purge(now, 90 * day);
    expect(await database.rows("select id from sessions")).toEqual([{ id: "s100001" }]);
    await store.purge(now + 2, 90 * day);
    expect(await database.rows("select id from sessions")).toEqual([]);
    await store.close();
  });

  test("deletes old events of all slices, and keeps those within the retention", async () => {
    await using database = await empty();
    const rows = [events(12_000, now - 2 * day), events(6_000, now)];
    const store = await opened(database, rows);
    await store.purge(now, day);
    expect(await database.rows("select min(number) as first, count(*) as count from audit_events")).toEqual([
      { first: 12_001, count: 6_000 },
    ]);
    await store.close();
  });

  test.each([
    ["a slice", 7_000],
    ["more than the first slices", 27_000],
  ])("deletes old events behind %s of a clock that ran ahead", async (_what, ahead) => {
    await using database = await empty();
    const store = await opened(database, [events(ahead, now + day), events(6_000, now - 2 * day)]);
    await store.purge(now, day);
    expect(await database.rows("select max(number) as last, count(*) as count from audit_events")).toEqual([
      { last: ahead, count: ahead },
    ]);
    await store.close();
  });
});

describe("a sweep in turn", () => {
  /** A database of 20,000 live sessions: four slices. */
  async function fourSlices(): Promise<Database> {
    const database = await openSqlite({ path: ":memory:" });
    for (const sql of [user, sessions(0, 20_000, `${now + day}`)])
      await database.commit([{ sql, values: [], must: true }]);
    return database;
  }

  const expire = (database: Database, id: string) =>
    database.commit([
      { sql: "update sessions set expires_at = $1 where id = $2", values: [now - 1, id], must: true },
    ]);

  const idsOf = async (database: Database) => {
    const statement = { sql: `select id from sessions where expires_at < ${now}`, numbered: () => [] };
    return (await database.all<object, { id: string }>(statement, {})).map(({ id }) => id);
  };

  test("reads as many slices as it may, and reaches a row behind its cursor in the next turn", async () => {
    const database = await fourSlices();
    const run = sweepInTurn(database, sweptSessions, { first: "", start: () => "", sparseSlices: 1 });
    await run({ now });
    await run({ now });
    // In the first slice and in the last one.
    await expire(database, "s100001");
    await expire(database, "s119999");
    await run({ now });
    expect(await idsOf(database)).toEqual(["s100001", "s119999"]);
    await run({ now });
    expect(await idsOf(database)).toEqual(["s100001"]);
    // The end of a table of whole slices is a slice without rows.
    await run({ now });
    await run({ now });
    expect(await idsOf(database)).toEqual([]);
    await database.close();
  });

  test("that begins at a random row goes on with the rows before", async () => {
    const database = await fourSlices();
    const run = sweepInTurn(database, sweptSessions, { first: "", start: () => "s112000", sparseSlices: 9 });
    await expire(database, "s112000");
    await expire(database, "s112001");
    await run({ now });
    expect(await idsOf(database)).toEqual([]);
    await database.close();
  });

  test("goes on within a run while slices consist of many expired rows", async () => {
    const database = await openSqlite({ path: ":memory:" });
    for (const sql of [
      user,
      sessions(0, 20_000, `case when n % 5 = 0 then ${now - 1} else ${now + day} end`),
    ])
      await database.commit([{ sql, values: [], must: true }]);
    await sweepInTurn(database, sweptSessions, { first: "", start: () => "", sparseSlices: 1 })({ now });
    expect(await idsOf(database)).toEqual([]);
    await database.close();
  });
});
