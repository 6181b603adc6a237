import type { Client } from "pg";
import { LatchkeyError, storeUnavailable } from "../../core/errors.ts";
import { type Database, UnusableDatabaseError } from "../database.ts";
import { type PostgresPlace, shownPlace } from "../place.ts";
import type { Statement } from "../statement.ts";
import { makeChange, prepared } from "./change.ts";
import { ChangeListener } from "./change-listener.ts";
import { errorClassOf, logReasonOf } from "./engine-errors.ts";
import {
  type EngineProblem,
  engineProblems,
  engineState,
  engineTime,
  triggerProblems,
} from "./engine-state.ts";
import { firstConnection } from "./first-connection.ts";
import { migratePostgres, migrationTimeout } from "./migrate.ts";
import { Primary } from "./primary.ts";

export interface PostgresOptions {
  readonly place: PostgresPlace;
  /** Maximum number of connections, besides one for notifications. */
  readonly connections: number;
  /** Timeout for one answer, in milliseconds. */
  readonly timeout: number;
  /** Whether to receive notifications. A command ends before any comes. */
  readonly listen: boolean;
  /** Called with a line for the log. */
  readonly warn: (message: string) => void;
}

/** A connection opens faster than a statement that waits for locks, in milliseconds. */
const defaultConnectTimeout = 2000;
/** Attempts at a change that conflicts with concurrent ones. */
const mostTries = 5;

/**
 * Opens a PostgreSQL database and brings its schema up to date.
 *
 * @throws {NewerDatabaseError} if a newer Latchkey wrote it; {UnusableDatabaseError} if it cannot be used
 */
export async function openPostgres({
  place,
  connections,
  timeout,
  listen,
  warn,
}: PostgresOptions): Promise<Database> {
  const timeouts = {
    answer: timeout,
    connect: place.connectTimeout ?? Math.min(timeout, defaultConnectTimeout),
  };
  const forMigrations = { ...timeouts, answer: migrationTimeout };
  const first = await firstConnection(place, forMigrations, async (client, host) => {
    const warnings = assertSound(place, engineProblems(await engineState(client)));
    await migratePostgres(client);
    assertSound(place, await triggerProblems(client));
    return { host, warnings };
  });
  // Warnings come last: a refused start prints its reason alone, in one line.
  for (const line of [...place.notes, ...first.warnings]) warn(line);
  const primary = new Primary({
    place,
    connections,
    timeouts,
    onFound: (host) => {
      if (listen) listener.listen(host);
    },
    onRefused: (reason) =>
      warn(
        `PostgreSQL refuses more connections (${reason}): requests wait for those that are open; ` +
          "raise the limit, or lower LATCHKEY_DATABASE_POOL",
      ),
    onStarved: () => listener.yield(),
  });
  const listener = new ChangeListener(place, timeouts, (error) => primary.searchAgain(logReasonOf(error)));
  primary.found(first.host);
  return postgresDatabase(primary, listener);
}

/**
 * @returns lines for the log
 * @throws {UnusableDatabaseError} for the first fatal problem
 */
function assertSound(place: PostgresPlace, problems: readonly EngineProblem[]): string[] {
  const fatal = problems.find((problem) => problem.fatal);
  if (fatal !== undefined) throw new UnusableDatabaseError(`cannot use ${shownPlace(place)}: ${fatal.line}`);
  return problems.map(({ line }) => `the database: ${line}`);
}

function postgresDatabase(primary: Primary, listener: ChangeListener): Database {
  async function use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await primary.use(work);
      } catch (error) {
        if (error instanceof LatchkeyError) throw error;
        if (errorClassOf(error) !== "conflict" || tries === mostTries)
          throw storeUnavailable(logReasonOf(error));
      }
    }
  }

  return {
    writers: "many",
    async all<Values extends object, Row>(statement: Statement<Values, Row>, values: Values) {
      const query = prepared(statement.sql, statement.numbered(values));
      const { rows } = await use((client) => client.query(query));
      // The statement's author names the row type, which the engine cannot know. The store contract checks each one.
      return rows as Row[];
    },
    commit: (steps) => use((client) => makeChange(client, steps)),
    time: () => use(engineTime),
    onChange: (changed) => listener.onChange(changed),
    pool: () => primary.figures,
    async close() {
      await listener.close();
      await primary.close();
    },
  };
}
