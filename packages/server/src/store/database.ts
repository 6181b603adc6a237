import type { Kysely } from "kysely";
import type { Schema } from "./schema.ts";
import type { Statement } from "./statement.ts";

/** How busy the connections to a database are. */
export interface PoolFigures {
  /** Connections at most. */
  readonly max: number;
  /** Connections that the database lets the server have, as far as known. */
  readonly allowed: number;
  /** Connections that are open. */
  readonly size: number;
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
}

/** One statement of a change. */
export interface Step {
  readonly sql: string;
  readonly values: readonly unknown[];
  /** Where this statement changes no row, the whole change is taken back. */
  readonly must: boolean;
}

/** `urgent` changes are made on a full volume too: they end sessions, shut users out, or free space. */
export type Urgency = "ordinary" | "urgent";

/** What the tables need of an engine: queries are written once, for all engines. */
export interface Database {
  /** Builds queries; runs none. */
  readonly query: Kysely<Schema>;
  /** Whether changes are made one after another, or beside each other: then rows that one depends on must be locked. */
  readonly writers: "one" | "many";
  all<Params, Row>(statement: Statement<Params, Row>, params: Params): Promise<Row[]>;
  /**
   * Makes a change: all steps or none, durable when the promise resolves. Changes that arrive together
   * share one transaction and one flush to disk, without sharing their fate.
   *
   * @returns false where a step that had to change a row changed none
   * @throws {LatchkeyError} `store_unavailable` where the change could not be made durable
   */
  commit(steps: readonly Step[], urgency?: Urgency): Promise<boolean>;
  /** Keeps disk space for urgent changes, if the engine is a file of this machine. */
  takeReserve?(): void;
  /** Size of the write-ahead log beside the database, in bytes. */
  logSize?(): number;
  /** Empties that log, unless a reader still needs it. */
  resetLog?(): void;
  /** Calls back when another process may have changed what is followed. Without it, only time tells. */
  onChange?(listener: () => void): void;
  /** The time by the engine's own clock, if it has one: milliseconds since the epoch. */
  time?(): Promise<number>;
  /** How busy the connections are, where there are several. */
  pool?(): PoolFigures;
  close(): Promise<void>;
}

/** A step of a change. */
export function step<Params>(statement: Statement<Params>, params: Params): Step {
  return { sql: statement.sql, values: statement.values(params), must: false };
}

/** A step that takes the whole change back where it changes no row. */
export function must<Params>(statement: Statement<Params>, params: Params): Step {
  return { ...step(statement, params), must: true };
}

/** The first row, for statements that answer with one at most. */
export async function one<Params, Row>(
  database: Database,
  statement: Statement<Params, Row>,
  params: Params,
): Promise<Row | undefined> {
  const [row] = await database.all(statement, params);
  return row;
}
