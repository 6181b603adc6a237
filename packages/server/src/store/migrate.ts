import type { DatabaseSync } from "node:sqlite";
import { migrations } from "./migrations/index.ts";
import { NewerDatabaseError } from "./unusable-database.ts";

/**
 * Brings a SQLite database up to date, in one transaction, so that of several processes that start
 * together one migrates and the others find the work done.
 *
 * @throws {NewerDatabaseError} where the database is ahead of this program
 */
export function migrate(connection: DatabaseSync): void {
  const known = migrations.length;
  if (versionOf(connection) === known) return;
  connection.exec("begin immediate");
  try {
    const found = versionOf(connection);
    if (found > known) throw new NewerDatabaseError(found, known);
    for (const { statements } of migrations.slice(found)) {
      for (const statement of statements) connection.exec(statement);
    }
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
