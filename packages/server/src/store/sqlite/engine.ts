import { existsSync, mkdirSync, realpathSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { storeUnavailable } from "../../core/errors.ts";
import type { Database } from "../database.ts";
import type { Statement } from "../statement.ts";
import { isOutOfSpace, openConnection, preparedReads, sqlValue, unusableFile } from "./connection.ts";
import { createPrivate } from "./file-modes.ts";
import { commandRunner, type GroupRunner, GroupWriter, inlineRunner, threadRunner } from "./group-writer.ts";
import { migrate } from "./migrate.ts";
import { displacement, type OpenedFiles, openedFiles } from "./opened-files.ts";
import { Reserve } from "./reserve.ts";

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** `thread` keeps the disk's latency away from requests. Default: `thread`. */
  readonly writer?: "thread" | "inline";
}

/**
 * Opens a SQLite database and brings its schema up to date. Reads run on the calling thread, writes in groups on
 * another.
 *
 * @throws {NewerDatabaseError} if a newer Latchkey wrote it; {UnusableDatabaseError} if the engine refuses it
 */
export async function openSqlite({ path, writer = "thread" }: SqliteOptions): Promise<Database> {
  const inMemory = path === ":memory:";
  if (!inMemory) {
    makeFolder(resolve(dirname(path)));
    createPrivate(path);
  }
  const connection = openUpToDate(path);
  if (inMemory) return sqliteDatabase(path, [], connection, inlineRunner(connection));
  const target = realpathSync(path);
  const files = openedFiles(path, target);
  const runner = writer === "thread" ? threadRunner(target, files) : commandRunner(connection, target);
  return sqliteDatabase(target, files, connection, runner);
}

function openUpToDate(path: string): DatabaseSync {
  try {
    return openAndMigrate(path);
  } catch (error) {
    if (!isOutOfSpace(error)) throw unusableFile(path, error);
  }
  // A first connection writes the index of the write-ahead log. On a full volume the reserve makes room for it.
  new Reserve(existsSync(path) ? realpathSync(path) : path).release();
  try {
    return openAndMigrate(path);
  } catch (error) {
    throw unusableFile(path, error);
  }
}

function openAndMigrate(path: string): DatabaseSync {
  const connection = openConnection(path);
  try {
    migrate(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** One level at a time: the recursive form of `mkdirSync` never returns for some paths, such as /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it in the meantime.
    if (!existsSync(path)) throw error;
  }
}

function sqliteDatabase(
  path: string,
  files: OpenedFiles,
  connection: DatabaseSync,
  runner: GroupRunner,
): Database {
  const read = preparedReads(connection);
  const writer = new GroupWriter(runner);
  let displaced: string | undefined;
  let lookAt = 0;

  /** At most ten times a second: a read is cheaper than this check. The writing thread checks at every group. */
  function assertInPlace(): void {
    const now = performance.now();
    if (now >= lookAt) {
      lookAt = now + 100;
      displaced = displacement(files);
    }
    if (displaced !== undefined) throw storeUnavailable(displaced);
  }

  return {
    writers: "one",
    async all<Values extends object, Row>(statement: Statement<Values, Row>, values: Values) {
      assertInPlace();
      try {
        const numbered = statement.numbered(values).map(sqlValue);
        // The statement's author names the row type, which the engine cannot know. The store contract checks each one.
        return read(statement.sql, numbered) as Row[];
      } catch (cause) {
        throw storeUnavailable("read failed", cause);
      }
    },
    commit: (steps, urgency) => writer.commit(steps, urgency),
    takeReserve: () => runner.takeReserve?.(),
    walSize: () => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    freeSpace: () => (path === ":memory:" ? undefined : freeSpaceBeside(path)),
    resetWal: () => runner.resetWal?.(),
    async close() {
      await writer.close();
      connection.close();
    },
  };
}

/** Free space on the volume of a file, in bytes, for a user without privileges. Undefined if its folder is gone. */
function freeSpaceBeside(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
