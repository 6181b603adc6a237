import type { DatabaseSync } from "node:sqlite";
import { NewerDatabaseError } from "../database.ts";
import { first } from "./migrations/001-first.ts";
import { auditActor } from "./migrations/002-audit-actor.ts";
import { realmSessions } from "./migrations/003-realm-sessions.ts";
import { refreshRepeats } from "./migrations/004-refresh-repeats.ts";
import { deletionTime } from "./migrations/005-deletion-time.ts";
import { sessionEpochs } from "./migrations/006-session-epochs.ts";

/** One step of the schema, forward only. A released step is never changed. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** Every migration, in order. */
export const migrations: readonly Migration[] = [
  first,
  auditActor,
  realmSessions,
  refreshRepeats,
  deletionTime,
  sessionEpochs,
];

/**
 * Brings a SQLite database up to date, in one transaction. If several processes start together, one migrates and the
 * others find the new version.
 *
 * @throws {NewerDatabaseError} if the database is at a later version than this program
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
