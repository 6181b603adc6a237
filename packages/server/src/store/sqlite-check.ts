import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { countedTables, type DatabaseReport, migrationProblem } from "./database-report.ts";
import { migrations } from "./migrate.ts";
import { isEngineError, unusableFile } from "./sqlite-connection.ts";

/** Looks at a SQLite file. @throws {UnusableDatabaseError} where it is none */
export function checkSqlite(path: string): DatabaseReport {
  const connection = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    return reportOf(connection, path);
  } catch (error) {
    throw isEngineError(error) ? unusableFile(path, error) : error;
  } finally {
    connection.close();
  }
}

function reportOf(connection: DatabaseSync, path: string): DatabaseReport {
  const values = (query: string) =>
    connection
      .prepare(query)
      .all()
      .map((row) => String(Object.values(row)[0]));
  const value = (query: string) => values(query)[0] ?? "";
  const version = Number(value("pragma user_version"));
  const integrity = values("pragma quick_check");
  const orphans = connection.prepare("pragma foreign_key_check").all().length;
  const journal = value("pragma journal_mode");
  const counts = version === 0 ? [] : countedTables.map((table) => [table, value(countIn(table))] as const);
  const known = migrations.length;
  return {
    facts: [
      ["engine", `SQLite ${value("select sqlite_version()")}`],
      ["database", path],
      ["size", `${sizeOf(path)} bytes and ${sizeOf(`${path}-wal`)} in the write-ahead log`],
      ["version", `${version} of ${known}`],
      ...counts,
    ],
    problems: [
      ...migrationProblem(version, known),
      ...(integrity.join() === "ok"
        ? []
        : [`the file is damaged (${integrity[0]}): stop the server and restore a backup`]),
      ...(orphans === 0
        ? []
        : [`${orphans} rows refer to a row that does not exist: stop the server and restore a backup`]),
      ...(journal === "wal" || version === 0
        ? []
        : [`its journal is ${journal}, not wal: the next start of the server sets it`]),
    ],
  };
}

function countIn(table: string): string {
  return `select case when exists (select 1 from sqlite_schema where name = '${table}')
    then (select count(*) from ${table}) else 0 end`;
}

/** Beside a running server most of a small database may still be in its write-ahead log. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
