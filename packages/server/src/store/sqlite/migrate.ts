import type { DatabaseSync } from "node:sqlite";
import { NewerDatabaseError } from "../database.ts";
import { digestOf } from "../tables/spent-ids.ts";
import { sqliteMigrations } from "./migrations.ts";

/**
 * Brings a SQLite database up to date, in one transaction. If several processes start together, one migrates and the
 * others find the new version.
 *
 * @throws {NewerDatabaseError} if the database is at a later version than this program
 */
export function migrate(connection: DatabaseSync): void {
  const known = sqliteMigrations.length;
  if (versionOf(connection) === known) return;
  // SQLite has no SHA-256 of its own.
  connection.function("latchkey_sha256", { deterministic: true }, (text) => digestOf(String(text)));
  connection.exec("begin immediate");
  try {
    const found = versionOf(connection);
    if (found > known) throw new NewerDatabaseError(found, known);
    for (const statement of sqliteMigrations.slice(found).flat()) connection.exec(statement);
    connection.exec(`pragma user_version = ${known}`);
    connection.exec("commit");
  } catch (error) {
    if (connection.isTransaction) connection.exec("rollback");
    throw error;
  }
}

function versionOf(connection: DatabaseSync): number {
  return Number(connection.prepare("pragma user_version").get()?.["user_version"] ?? 0);
}
