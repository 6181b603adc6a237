import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import type { SearchColumn, SearchPart } from "../../src/core/people/user-search.ts";
import type { Database, Step } from "../../src/store/database.ts";
import { openSqlite } from "../../src/store/sqlite/engine.ts";
import { openStore } from "../../src/store/store.ts";
import { forgetAddressSteps, importedSteps, signedUpSteps } from "../../src/store/tables/address-traces.ts";
import { auditTable } from "../../src/store/tables/audit.ts";
import { auditReading } from "../../src/store/tables/audit-reading.ts";
import { sweptEvents, sweptSessions } from "../../src/store/tables/housekeeping.ts";
import { sessionEndings } from "../../src/store/tables/session-endings.ts";
import { sessionTable } from "../../src/store/tables/sessions.ts";
import { userSearch } from "../../src/store/tables/user-search.ts";
import { userTraces } from "../../src/store/tables/user-traces.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { event, now } from "./store-rows.ts";

/** A database with many rows, which tells the plan of a statement. */
interface Planned extends AsyncDisposable {
  /** The plan for any values, as the engine keeps it for a prepared statement. */
  planOf(sql: string): Promise<string>;
}

const series = "with recursive series (n) as (select 1 union all select n + 1 from series where n < 50000)";

/** Few users are disabled, or have another role. Half of the sessions are those of one client. For both engines. */
const manyRows = [
  `${series} insert into users (id, username, username_key, email, email_key, display_name, display_key, roles,
      password_hash, active, revision, created_at)
    select 'user:' || n, 'u' || n, 'u' || n, 'u' || n, 'u' || n, 'P' || n, 'p' || n,
      case when n % 5000 = 7 then '["user","editor"]' else '["user"]' end, '', case when n % 5000 = 9 then 0 else 1 end,
      0, 0 from series`,
  `${series} insert into sessions (id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at,
      expires_at, ends_at, tokens_until, address_bucket, client_id)
    select 's' || n, 'user:' || n, 0, '', ${now}, ${now} + n, ${now}, ${now} + 99999, ${now} + 99999, ${now}, '::1',
      case when n % 2 = 0 then 'client' when n % 4 = 1 then 'client' || n end from series`,
  `${series} insert into links (id, purpose, email, roles, invited_by, created_at, expires_at)
    select 'l' || n, 'sign_up', 'g' || n, case when n % 2 = 0 then '["user"]' end,
      case when n % 2 = 0 then 'user:' || n end, ${now}, ${now} + 1 from series`,
  `${series} insert into outbox (id, kind, recipient, link_id, language, details, created_at, next_try_at)
    select 'm' || n, 'sign_up', 'g' || n, 'l' || n, 'en', '{}', ${now}, ${now} from series where n <= 10000`,
  `${series} insert into audit_events (at, name, address) select ${now} + n, 'login.succeeded', '::1' from series`,
];

/** A plan that reads all links or all mails that wait. */
const wholeTable = /SCAN (links|outbox)|PRIMARY KEY \(id>|Seq Scan on (links|outbox)|Index Cond: \(id > /;

const onAudit = () => {};

async function onSqlite(statistics: string): Promise<Planned> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-plans-"));
  const path = join(folder, "latchkey.db");
  await (await openStore({ place: { engine: "sqlite", path }, owner: "command", onAudit })).close();
  const database = new DatabaseSync(path);
  for (const sql of [...manyRows, statistics]) database.exec(sql);
  return {
    async planOf(sql) {
      const steps = database.prepare(`explain query plan ${sql.replace(/\$(?=\d)/g, "?")}`).all();
      return steps.map(({ detail }) => String(detail)).join("\n");
    },
    async [Symbol.asyncDispose]() {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function onPostgres(): Promise<Planned> {
  const address = await newDatabase();
  await (await openStore({ place: postgresUrl(address), owner: "command", onAudit })).close();
  const client = new Client({ connectionString: address });
  await client.connect();
  for (const sql of [...manyRows, "vacuum analyze"]) await client.query(sql);
  await client.query("set plan_cache_mode = force_generic_plan");
  let prepared = 0;
  return {
    async planOf(sql) {
      const name = `s${prepared++}`;
      await client.query(`prepare ${name} as ${sql}`);
      const values = Array.from(new Set(sql.match(/\$\d+/g)), () => "null");
      const { rows } = await client.query<Record<string, string>>(
        `explain execute ${name}(${values.join(", ")})`,
      );
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** The last statement of a reading, of a database with one event. */
async function statementOf(read: (database: Database) => Promise<unknown>): Promise<string> {
  const database = await openSqlite({ path: ":memory:" });
  await auditTable(database, onAudit).record(event("login.succeeded"));
  let last = "";
  await read({
    ...database,
    all(statement, values) {
      last = statement.sql;
      return database.all(statement, values);
    },
  });
  await database.close();
  return last;
}

const columns: readonly (readonly [SearchColumn, string])[] = [
  ["username", "name"],
  ["email", "email"],
  ["displayName", "display"],
];

describe.each<readonly [string, () => Promise<Planned>]>([
  ["SQLite", () => onSqlite("")],
  ["SQLite with statistics", () => onSqlite("analyze")],
  ["PostgreSQL", onPostgres],
])("of many rows, %s reads", (_, open) => {
  let planned: Planned;
  beforeAll(async () => {
    planned = await open();
  });
  afterAll(() => planned[Symbol.asyncDispose]());

  /** A plan that begins with the page. A sort would read every row before; an incremental one takes equal keys alone. */
  async function planOf(read: (database: Database) => Promise<unknown>): Promise<string> {
    const plan = await planned.planOf(await statementOf(read));
    expect(plan).not.toMatch(/Bitmap|Seq Scan on (?!client_endings)|(?<!Incremental )Sort {2}|TEMP B-TREE/);
    return plan;
  }

  const pageOf = (part: Partial<SearchPart>) => (database: Database) =>
    userSearch(database).read({
      ...{ column: "username", range: { from: "", to: "v" }, answered: { username: [], email: [] } },
      ...{ role: undefined, active: undefined, verified: undefined, after: undefined, limit: 100 },
      ...part,
    });

  test.each(columns)("of users by %s these rows, in the order of an index", async (column) => {
    for (const filter of [{}, { verified: true }, { role: "user" }, { active: true }])
      expect(await planOf(pageOf({ column, ...filter }))).toMatch(/index/i);
  });

  test.each(columns)("of disabled users by %s these users alone", async (column, order) => {
    for (const filter of [{}, { verified: true }, { role: "editor" }])
      expect(await planOf(pageOf({ column, ...filter, active: false }))).toContain(
        `users_disabled_by_${order}`,
      );
  });

  test.each(columns)("of a role by %s the users with other roles", async (column, order) => {
    for (const filter of [{}, { verified: true }, { active: true }])
      expect(await planOf(pageOf({ column, ...filter, role: "editor" }))).toContain(
        `users_with_roles_by_${order}`,
      );
  });

  const sessionsOf =
    (...[userId, clientId = ""]: readonly (string | undefined)[]) =>
    (database: Database) => {
      const sessions = sessionTable(database, auditTable(database, onAudit), sessionEndings(database));
      return sessions.live(now, userId, { limit: 100, clientId });
    };

  test("of sessions these rows, in the order of an index", async () => {
    expect(await planOf(sessionsOf())).toContain("sessions_open");
    expect(await planOf(sessionsOf(undefined, "client"))).toContain("sessions_by_client");
  });

  test("of a user's sessions these sessions", async () => {
    for (const client of ["", "client"])
      expect(await planned.planOf(await statementOf(sessionsOf("user:1", client)))).toContain(
        "sessions_open",
      );
  });

  test.each<[string, readonly Step[]]>([
    ["a new account", signedUpSteps("guest@example.com")],
    ["a removal", forgetAddressSteps("user:1").slice(0, 2)],
    // Its mails belong to up to 200 links. Then PostgreSQL rightly reads all mails that wait, which are few.
    ["an import", importedSteps(["guest@example.com"]).slice(1)],
  ])("of the links and mails that %s ends these alone", async (_what, steps) => {
    for (const { sql } of steps) expect(await planned.planOf(sql)).not.toMatch(wholeTable);
  });

  test.each(["links", "invitations"] as const)("of a user's %s these alone", async (table) => {
    const read = (database: Database) => userTraces(database).read(table, "user:1", "");
    const plan = await planned.planOf(await statementOf(read));
    expect(plan).toMatch(/links_by_address|links_by_inviter/);
    expect(plan).not.toMatch(wholeTable);
  });

  test("of audit events a slice, by number", async () => {
    const plan = await planOf((database) => auditReading(database).recent({ limit: 100, user: "user:1" }));
    expect(plan).toMatch(/audit_events_pkey|PRIMARY KEY \(rowid>\? AND rowid<\?\)/);
  });

  test.each([
    ["sessions", sweptSessions, /sessions_pkey|PRIMARY KEY \(id>/],
    ["audit events", sweptEvents, /audit_events_pkey|PRIMARY KEY \(rowid>/],
  ] as const)("of %s for a purge a range of the primary key", async (_table, { slice, clear }, range) => {
    for (const { sql } of [slice, clear]) {
      const plan = await planned.planOf(sql);
      expect(plan).toMatch(range);
      expect(plan).not.toMatch(/Seq Scan|SCAN (sessions|audit_events)|TEMP B-TREE|Sort/);
    }
  });
});
