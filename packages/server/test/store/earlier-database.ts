import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import type { DatabasePlace } from "../../src/store/place.ts";
import { postgresMigrations } from "../../src/store/postgres/migrations.ts";
import { sqliteMigrations } from "../../src/store/sqlite/migrations.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

/** A database with the schema of an earlier version. */
export interface EarlierDatabase extends AsyncDisposable {
  readonly place: DatabasePlace;
  /** Runs one statement, as a process of the earlier version would at any time. */
  run(sql: string): Promise<unknown>;
  /** Reads rows. The large integers of PostgreSQL are numbers too. */
  rows(sql: string): Promise<readonly object[]>;
}

/** Both engines at earlier versions of their schemas, for `describe.each`. */
export function earlierDatabases(versions: {
  readonly sqlite: number;
  readonly postgres: number;
}): readonly (readonly ["SQLite" | "PostgreSQL", () => Promise<EarlierDatabase>])[] {
  return [
    ["SQLite", () => earlierSqlite(versions.sqlite)],
    ["PostgreSQL", () => earlierPostgres(versions.postgres)],
  ];
}

async function earlierSqlite(version: number): Promise<EarlierDatabase> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-upgrade-"));
  const path = join(folder, "latchkey.db");
  const run = async (sql: string) => {
    const database = new DatabaseSync(path);
    database.exec("pragma foreign_keys = on");
    database.exec(sql);
    database.close();
  };
  for (const sql of sqliteMigrations.slice(0, version).flat()) await run(sql);
  await run(`pragma user_version = ${version}`);
  const rows = async (sql: string) => {
    const database = new DatabaseSync(path);
    const read = database.prepare(sql).all();
    database.close();
    return read.map((row) => ({ ...row }));
  };
  const place = { engine: "sqlite", path } as const;
  return { place, run, rows, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

async function earlierPostgres(version: number): Promise<EarlierDatabase> {
  const address = await newDatabase();
  const run = (sql: string) => queryAt(address, sql);
  for (const sql of postgresMigrations.slice(0, version).flat()) await run(sql);
  await run("create table latchkey_schema (version bigint not null)");
  await run(`insert into latchkey_schema (version) values (${version})`);
  const rows = async (sql: string) => {
    const read = await queryAt(address, sql);
    return read.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
    );
  };
  // The suite's server drops its databases with its own folder.
  return { place: postgresUrl(address), run, rows, async [Symbol.asyncDispose]() {} };
}

/** `pg` reads a bigint as text. */
function plain(value: unknown): unknown {
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
}
