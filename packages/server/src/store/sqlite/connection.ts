import { DatabaseSync, type StatementSync } from "node:sqlite";
import { UnusableDatabaseError } from "../database.ts";

/** How long a connection waits for a lock of another process, in milliseconds. */
export const busyTimeout = 5000;
/** Size to which the write-ahead log is cut when it restarts, in bytes. Its usual size is 4 MB. */
export const largeWal = 64 * 1024 * 1024;
/** The engine's primary result code, in the low byte, for a lock that another connection holds. */
const busy = 5;

/** Whether SQLite threw it. `errcode` is the extended result code; its low byte is the primary result code. */
export function isEngineError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}

function isBusy(error: unknown): boolean {
  return isEngineError(error) && (error.errcode & 0xff) === busy;
}

/** `SQLITE_FULL` for a full volume; for a used-up quota, `SQLITE_IOERR_WRITE`; for the index of the log, `SQLITE_IOERR_SHMSIZE`. */
const outOfSpace = [13, 778, 4874];

/** Whether the engine found no space on the volume. */
export function isOutOfSpace(error: unknown): boolean {
  return isEngineError(error) && outOfSpace.includes(error.errcode);
}

/** Wraps an engine error with the advice for an operator. Other errors stay as they are. */
export function unusableFile(path: string, cause: unknown): unknown {
  return isEngineError(cause) ? new UnusableDatabaseError(problemOf(path, cause), { cause }) : cause;
}

function problemOf(path: string, cause: Error): string {
  if (isBusy(cause))
    return `another program holds the database ${path}: wait until it has finished, or stop it`;
  if (isOutOfSpace(cause))
    return `the volume of the database ${path} is full (${cause.message}): free space on it`;
  return `cannot use the database ${path} (${cause.message}): check its path and rights, or choose another with --database`;
}

/** Opens a connection with the settings that make an answered write survive a power cut. */
export function openConnection(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: busyTimeout, enableForeignKeyConstraints: true });
  try {
    useWriteAheadLog(connection);
    connection.exec("pragma synchronous = full");
    connection.exec(`pragma journal_size_limit = ${largeWal}`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Switches the file to the write-ahead log. Of two connections that switch a new file at the same moment, SQLite
 * refuses one at once: waiting would be a deadlock. So this connection retries until the timeout.
 */
function useWriteAheadLog(connection: DatabaseSync): void {
  const deadline = performance.now() + busyTimeout;
  for (;;) {
    try {
      connection.exec("pragma journal_mode = wal");
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** The statements of one connection, each prepared at its first use. */
export function preparedStatements(connection: DatabaseSync): (sql: string) => StatementSync {
  const prepared = new Map<string, StatementSync>();
  return (sql) => {
    let known = prepared.get(sql);
    if (known === undefined) {
      // Numbered values: `$1` is `?1` in SQLite.
      known = connection.prepare(sql.replace(/\$(?=\d)/g, "?"));
      prepared.set(sql, known);
    }
    return known;
  };
}

/**
 * The reads of one connection. `node:sqlite` looks up the name of each column again for each row, in V8's table of
 * strings, and a session has 16 columns. So the names are read once, and no read may use `*`: another process may add
 * columns meanwhile.
 */
export function preparedReads(connection: DatabaseSync) {
  const prepared = preparedStatements(connection);
  const columns = new Map<string, readonly string[]>();
  return (sql: string, values: readonly (string | number | null)[]): Record<string, unknown>[] => {
    const statement = prepared(sql);
    let names = columns.get(sql);
    if (names === undefined) {
      statement.setReturnArrays(true);
      names = statement.columns().map(({ name }) => name);
      columns.set(sql, names);
    }
    return statement.all(...values).map((list) => named(names, list));
  };
}

/** A row with names. @param list its values, as an array, although the type is that of a row with names */
function named(names: readonly string[], list: Readonly<Record<number, unknown>>): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [at, name] of names.entries()) row[name] = list[at];
  return row;
}

/** @throws {TypeError} for a value that SQLite cannot store */
export function sqlValue(value: unknown): string | number | null {
  if (typeof value === "string" || typeof value === "number" || value === null) return value;
  throw new TypeError(`SQLite takes no ${typeof value}`);
}
