import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { hashesOf, type UnusableHashes } from "../unusable-hashes.ts";
import { unusableFile } from "./connection.ts";
import { exposures } from "./file-modes.ts";
import { sqliteMigrations } from "./migrations.ts";

/** Findings about a SQLite file. @throws {UnusableDatabaseError} if the engine cannot read it */
export function inspectSqlite(path: string, countedTables: readonly string[], unusable: UnusableHashes) {
  // Read first: the last connection to close deletes the write-ahead log.
  const exposed = exposures(path);
  using connection = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  const values = (query: string) =>
    connection
      .prepare(query)
      .all()
      .map((row) => String(Object.values(row)[0]));
  const value = (query: string) => values(query)[0] ?? "";
  try {
    const version = Number(value("pragma user_version"));
    const damage = value("pragma quick_check(1)");
    const orphans = values("pragma foreign_key_check").length;
    const tables = new Set(values("select name from sqlite_schema where type = 'table'"));
    // An older schema lacks columns of this query.
    if (version === sqliteMigrations.length) {
      for (const { username, hash } of connection.prepare(hashesOf).iterate())
        unusable.see({ username: String(username), hash: String(hash) });
    }
    return {
      facts: [
        ["engine", `SQLite ${value("select sqlite_version()")}`],
        ["database", path],
        ["size", `${sizeOf(path)} bytes and ${sizeOf(`${path}-wal`)} in the write-ahead log`],
      ] as const,
      version,
      known: sqliteMigrations.length,
      counts: countedTables
        .filter(() => version > 0)
        .map((table) => [table, tables.has(table) ? value(`select count(*) from ${table}`) : "0"] as const),
      problems: [
        ...exposed,
        ...(damage === "ok" ? [] : [`the file is damaged (${damage}): stop the server and restore a backup`]),
        ...(orphans === 0
          ? []
          : [`${orphans} rows refer to a row that does not exist: stop the server and restore a backup`]),
      ],
    };
  } catch (error) {
    throw unusableFile(path, error);
  }
}

/** Beside a running server, most of a small database may still be in its write-ahead log. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
