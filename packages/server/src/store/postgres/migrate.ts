import type { ClientBase } from "pg";
import { NewerDatabaseError } from "../database.ts";
import { postgresMigrations } from "./migrations.ts";

/** Id of the advisory lock that serializes migrations. */
const migrating = "7310868735423766887";

/** Timeout for one statement of a migration, and for the wait for another process's migration, in milliseconds. */
export const migrationTimeout = 120_000;

/**
 * Brings a PostgreSQL database up to date, in one transaction.
 *
 * @throws {NewerDatabaseError} if the database is at a later version than this program
 */
export async function migratePostgres(client: ClientBase): Promise<void> {
  const known = postgresMigrations.length;
  const before = await versionOf(client);
  if (before === known) return;
  if (before > known) throw new NewerDatabaseError(before, known);
  await client.query("begin");
  try {
    await client.query(`select pg_advisory_xact_lock(${migrating})`);
    const found = await versionOf(client);
    if (found > known) throw new NewerDatabaseError(found, known);
    await client.query("create table if not exists latchkey_schema (version bigint not null)");
    for (const statement of postgresMigrations.slice(found).flat()) await client.query(statement);
    await client.query("delete from latchkey_schema");
    await client.query("insert into latchkey_schema (version) values ($1)", [known]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

/** The number of the last migration; 0 for an empty database. */
export async function versionOf(client: ClientBase): Promise<number> {
  // Asks the table of the catalogue. A lookup by name can come from a cache that still lacks the table.
  const { rows } = await client.query(
    "select from pg_catalog.pg_tables where schemaname = current_schema() and tablename = 'latchkey_schema'",
  );
  if (rows.length === 0) return 0;
  const found = await client.query("select version from latchkey_schema");
  return Number(found.rows[0]?.version ?? 0);
}
