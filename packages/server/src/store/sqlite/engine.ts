import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type Database, type Step, type Urgency, unavailable } from "../database.ts";
import type { Statement } from "../statement.ts";
import {
  isEngineError,
  isOutOfSpace,
  openConnection,
  PreparedStatements,
  unusableFile,
} from "./connection.ts";
import { commandRunner, GroupWriter, inlineRunner, threadRunner } from "./group-writer.ts";
import { migrate } from "./migrate.ts";
import { displacement, type OpenedFiles, openedFiles } from "./opened-files.ts";
import { Reserve } from "./reserve.ts";
import { sqlValue } from "./transaction.ts";

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
  if (!inMemory) makeFolder(resolve(dirname(path)));
  const connection = openUpToDate(path);
  if (inMemory) return new SqliteDatabase(path, [], connection, new GroupWriter(inlineRunner(connection)));
  const target = realpathSync(path);
  const files = openedFiles(path, target);
  const runner = writer === "thread" ? await threadRunner(target, files) : commandRunner(connection, target);
  return new SqliteDatabase(target, files, connection, new GroupWriter(runner));
}

function openUpToDate(path: string): DatabaseSync {
  try {
    return openAndMigrate(path);
  } catch (error) {
    if (isOutOfSpace(error)) return openWithReserve(path);
    throw isEngineError(error) ? unusableFile(path, error) : error;
  }
}

/** A first connection writes the index of the write-ahead log. On a full volume the reserve makes room for it. */
function openWithReserve(path: string): DatabaseSync {
  new Reserve(existsSync(path) ? realpathSync(path) : path).release();
  try {
    return openAndMigrate(path);
  } catch (error) {
    throw isEngineError(error) ? unusableFile(path, error) : error;
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

class SqliteDatabase implements Database {
  readonly writers = "one";
  readonly #path: string;
  readonly #files: OpenedFiles;
  #displaced: string | undefined;
  #lookAt = 0;
  readonly #connection: DatabaseSync;
  readonly #writer: GroupWriter;
  readonly #statements: PreparedStatements;

  constructor(path: string, files: OpenedFiles, connection: DatabaseSync, writer: GroupWriter) {
    this.#path = path;
    this.#files = files;
    this.#connection = connection;
    this.#statements = new PreparedStatements(connection);
    this.#writer = writer;
  }

  async all<Values extends object, Row>(statement: Statement<Values, Row>, values: Values): Promise<Row[]> {
    this.#assertInPlace();
    try {
      const numbered = statement.numbered(values).map(sqlValue);
      // The statement's author names the row type, which the engine cannot know. The store contract checks each one.
      return this.#statements.get(statement.sql).all(...numbered) as Row[];
    } catch (cause) {
      throw unavailable("read failed", cause);
    }
  }

  /** At most ten times a second: a read is cheaper than this check. The writing thread checks at every group. */
  #assertInPlace(): void {
    const now = performance.now();
    if (now >= this.#lookAt) {
      this.#lookAt = now + 100;
      this.#displaced = displacement(this.#files);
    }
    if (this.#displaced === undefined) return;
    throw unavailable(this.#displaced);
  }

  commit(steps: readonly Step[], urgency?: Urgency): Promise<boolean> {
    return this.#writer.commit(steps, urgency);
  }

  takeReserve(): void {
    this.#writer.takeReserve();
  }

  logSize(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  resetLog(): void {
    this.#writer.resetLog();
  }

  async close(): Promise<void> {
    await this.#writer.close();
    this.#connection.close();
  }
}
