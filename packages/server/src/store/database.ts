import type { Statement } from "./statement.ts";

/** How busy the connections to a database are. */
export interface PoolFigures {
  /** Connections, at most. */
  readonly max: number;
  /** Connections that the database grants to the server, as far as known. */
  readonly allowed: number;
  /** Open connections. */
  readonly size: number;
  readonly idle: number;
  /** Statements that wait for a connection. */
  readonly waiting: number;
}

/** A database that cannot be used as it is. The message is one line that says how to repair it. */
export class UnusableDatabaseError extends Error {}

/** The database was written by a newer Latchkey. */
export class NewerDatabaseError extends UnusableDatabaseError {
  constructor(found: number, known: number) {
    super(
      `the database is at version ${found}, but this Latchkey knows only up to ${known}: ` +
        "run the newer Latchkey again, or restore a backup from before the upgrade",
    );
  }
}

/** One statement of a change. */
export interface Step {
  readonly sql: string;
  readonly values: readonly unknown[];
  /** Whether the change is rolled back if this statement changes no row. */
  readonly must: boolean;
}

/** `urgent` changes are made on a full volume too: they end sessions, disable users, or free space. */
export type Urgency = "ordinary" | "urgent";

/** An engine as the tables see it. Its functions work without the object, so that the store can take them over. */
export interface Database {
  /** Whether changes run one after another or concurrently. Concurrent ones must lock the rows they depend on. */
  readonly writers: "one" | "many";
  all<Values extends object, Row>(statement: Statement<Values, Row>, values: NoInfer<Values>): Promise<Row[]>;
  /**
   * Makes a change: all steps or none, durable when the promise resolves. On SQLite, concurrent changes share one
   * transaction and one flush to disk. Each of them succeeds or fails on its own.
   *
   * @returns false if a step that had to change a row changed none.
   * @throws {LatchkeyError} `store_unavailable` if the change could not be made durable
   */
  commit(steps: readonly Step[], urgency?: Urgency): Promise<boolean>;
  /** Reserves disk space for urgent changes, if the engine is a local file. */
  takeReserve?(): void;
  /** Size of the write-ahead log beside the database, in bytes. */
  walSize?(): number;
  /** Free space on the volume of the database, in bytes. Undefined if it is in memory, or cannot be measured now. */
  freeSpace?(): number | undefined;
  /** Empties that log, unless a reader still needs it. */
  resetWal?(): void;
  /** Calls back after another process changed keys or sessions. SQLite has no such signal: changes are polled. */
  onChange?(listener: () => void): void;
  /** The time by the engine's own clock, if it has one: milliseconds since the epoch. */
  time?(): Promise<number>;
  /** Use of the connection pool, if the engine has one. */
  pool?(): PoolFigures;
  close(): Promise<void>;
}

/** A step of a change. */
export function step<Values extends object>(statement: Statement<Values>, values: NoInfer<Values>): Step {
  return { sql: statement.sql, values: statement.numbered(values), must: false };
}

/** A step that rolls the whole change back if it changes no row. */
export function must<Values extends object>(statement: Statement<Values>, values: NoInfer<Values>): Step {
  return { ...step(statement, values), must: true };
}

/** The first row, for statements that return at most one. */
export async function one<Values extends object, Row>(
  database: Database,
  statement: Statement<Values, Row>,
  values: NoInfer<Values>,
): Promise<Row | undefined> {
  const [row] = await database.all(statement, values);
  return row;
}
