import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { operator } from "../../src/core/audit-events.ts";
import type { DatabasePlace } from "../../src/store/place.ts";
import { postgresMigrations } from "../../src/store/postgres/migrations.ts";
import { sqliteMigrations } from "../../src/store/sqlite/migrations.ts";
import { openStore } from "../../src/store/store.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

/** The statement of a version without the column. */
const olderInsert = "insert into audit_events (at, name, address) values (1, 'login.failed', 'older')";

/** A database at the version before the column, with one event. */
interface OlderDatabase {
  readonly place: DatabasePlace;
  run(sql: string): Promise<void>;
}

async function olderSqlite(path: string): Promise<OlderDatabase> {
  const run = async (sql: string) => {
    using database = new DatabaseSync(path);
    database.exec(sql);
  };
  for (const sql of sqliteMigrations.slice(0, 6).flat()) await run(sql);
  await run("pragma user_version = 6");
  return { place: { engine: "sqlite", path }, run };
}

async function olderPostgres(): Promise<OlderDatabase> {
  const address = await newDatabase();
  const run = async (sql: string) => void (await queryAt(address, sql));
  for (const sql of postgresMigrations.slice(0, 5).flat()) await run(sql);
  await run("create table latchkey_schema (version bigint not null)");
  await run("insert into latchkey_schema values (5)");
  return { place: postgresUrl(address), run };
}

test.each(["SQLite", "PostgreSQL"])("an older replica on %s writes beside a newer one", async (engine) => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  const { place, run } =
    engine === "SQLite" ? await olderSqlite(join(folder, "latchkey.db")) : await olderPostgres();
  await run(olderInsert);
  const store = await openStore({ place, onAudit: () => {}, replica: "new-1" });
  const resource = "https://notes.example/mcp";
  await store.audit.record({ name: "login.failed", at: 2, address: "newer", client: "app-1", resource });
  await run(olderInsert);
  const { events } = await store.events.recent({ limit: 10 });
  const older = { name: "login.failed", at: 1, address: "older", number: expect.any(Number) };
  const newer = { ...older, at: 2, address: "newer", replica: "new-1", client: "app-1", resource };
  expect(events).toEqual([older, newer, older]);
  await store.close();
  rmSync(folder, { recursive: true });
});

test.each(["SQLite", "PostgreSQL"])(
  "a server on %s learns which command recorded an event",
  async (engine) => {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-"));
    const place: DatabasePlace =
      engine === "SQLite"
        ? { engine: "sqlite", path: join(folder, "latchkey.db") }
        : postgresUrl(await newDatabase());
    const heard: unknown[] = [];
    const server = await openStore({
      place,
      onAudit: ({ replica }) => heard.push(replica),
      replica: "new-1",
    });
    await server.pollCommandEvents();
    const command = await openStore({ place, owner: "command", onAudit: () => {}, replica: "console-1" });
    const event = { ...operator, name: "user.disabled", at: 1 } as const;
    await command.audit.record(event);
    await server.audit.record({ ...event, address: "::1" });
    await server.pollCommandEvents();
    expect(heard).toEqual([undefined, "console-1"]);
    await command.close();
    await server.close();
    rmSync(folder, { recursive: true });
  },
);
