import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import type { Client } from "pg";
import { LatchkeyError } from "../../core/errors.ts";
import type { Database, PoolFigures, Step } from "../database.ts";
import { type PostgresPlace, shownPlace } from "../place.ts";
import type { Schema } from "../schema.ts";
import type { Statement } from "../statement.ts";
import { UnusableDatabaseError } from "../unusable-database.ts";
import { makeChange, prepared } from "./change.ts";
import { ChangeListener } from "./change-listener.ts";
import { type EngineProblem, engineProblems, engineState, triggerProblems } from "./engine-state.ts";
import { firstConnection } from "./first-connection.ts";
import { migratePostgres, migrationPatience } from "./migrate-postgres.ts";
import { Primary } from "./primary.ts";
import { timeOf } from "./time-of.ts";
import { reasonOf, troubleOf, unavailable } from "./trouble.ts";

export interface PostgresOptions {
  readonly place: PostgresPlace;
  /** Connections at most, besides one that listens. */
  readonly connections: number;
  /** How long one answer may take, in milliseconds. */
  readonly timeout: number;
  /** Whether changes of other processes are listened for: a command is over before any comes. */
  readonly listen: boolean;
  /** Called with a line for the log. */
  readonly warn: (message: string) => void;
}

/** A connection should be there in a moment, in milliseconds; a statement may have to wait for others. */
const connectPatience = 2000;
/** How often a change is tried again that was in another's way. */
const mostTries = 5;

/**
 * Opens a PostgreSQL database and brings its schema up to date.
 *
 * @throws {NewerDatabaseError} where a newer Latchkey wrote it; {UnusableDatabaseError} where it cannot be used
 */
export async function openPostgres({
  place,
  connections,
  timeout,
  listen,
  warn,
}: PostgresOptions): Promise<Database> {
  const patience = { answer: timeout, connect: place.connectTimeout ?? Math.min(timeout, connectPatience) };
  const patient = { ...patience, answer: migrationPatience };
  const first = await firstConnection(place, patient, async (client, host) => {
    const doubts = assertSound(place, engineProblems(await engineState(client)));
    await migratePostgres(client);
    assertSound(place, await triggerProblems(client));
    return { host, doubts };
  });
  // A start that is refused says why in one line, and nothing else.
  for (const line of [...place.notes, ...first.doubts]) warn(line);
  const primary = new Primary({
    place,
    connections,
    patience,
    onRefused: (reason) => warn(refusedWarning(reason)),
    onStarved: () => listener.yield(),
  });
  const listener = new ChangeListener(place, patience, (error) => primary.doubt(reasonOf(error)));
  if (listen) primary.onFound((host) => listener.listen(host));
  primary.found(first.host);
  return new PostgresDatabase(primary, listener);
}

/**
 * @returns lines for the log
 * @throws {UnusableDatabaseError} for the first problem with which a server must not start
 */
function assertSound(place: PostgresPlace, problems: readonly EngineProblem[]): string[] {
  const fatal = problems.find((problem) => problem.fatal);
  if (fatal !== undefined) throw new UnusableDatabaseError(`cannot use ${shownPlace(place)}: ${fatal.line}`);
  return problems.map(({ line }) => `the database: ${line}`);
}

function refusedWarning(reason: string): string {
  return (
    `PostgreSQL refuses more connections (${reason}): requests wait for those that are open; ` +
    "raise the limit, or lower LATCHKEY_DATABASE_POOL"
  );
}

class PostgresDatabase implements Database {
  readonly writers = "many";
  readonly query = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  readonly #primary: Primary;
  readonly #listener: ChangeListener;

  constructor(primary: Primary, listener: ChangeListener) {
    this.#primary = primary;
    this.#listener = listener;
  }

  async all<Params, Row>(statement: Statement<Params, Row>, params: Params): Promise<Row[]> {
    const query = prepared(statement.sql, statement.values(params));
    const { rows } = await this.#use((client) => client.query(query));
    // Row is what Kysely infers from the schema for this very text; the engine cannot know it.
    return rows as Row[];
  }

  commit(steps: readonly Step[]): Promise<boolean> {
    return this.#use((client) => makeChange(client, steps));
  }

  time(): Promise<number> {
    return this.#use(timeOf);
  }

  onChange(listener: () => void): void {
    this.#listener.onChange(listener);
  }

  pool(): PoolFigures {
    return this.#primary.figures;
  }

  async close(): Promise<void> {
    await this.#listener.close();
    await this.#primary.close();
  }

  async #use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#primary.use(work);
      } catch (error) {
        if (error instanceof LatchkeyError) throw error;
        if (troubleOf(error) !== "conflict" || tries === mostTries) throw unavailable(reasonOf(error));
      }
    }
  }
}
