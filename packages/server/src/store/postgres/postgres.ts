import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import type { PoolClient } from "pg";
import { LatchkeyError } from "../../core/errors.ts";
import type { PoolFigures } from "../../core/ports.ts";
import type { Database, Step } from "../database.ts";
import type { PostgresPlace } from "../place.ts";
import type { Schema } from "../schema.ts";
import type { Statement } from "../statement.ts";
import { makeChange, prepared } from "./change.ts";
import { ChangeListener } from "./change-listener.ts";
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
}: PostgresOptions): Promise<Database> {
  const patience = { answer: timeout, connect: Math.min(timeout, connectPatience) };
  const patient = { ...patience, answer: migrationPatience };
  const first = await firstConnection(place, patient, async (client, host) => {
    await migratePostgres(client);
    return host;
  });
  const primary = new Primary({ place, connections, patience });
  const listener = new ChangeListener(place, patience, (error) => primary.doubt(reasonOf(error)));
  if (listen) primary.onFound((host) => void listener.listen(host));
  primary.found(first);
  return new PostgresDatabase(primary, listener);
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

  async #use<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
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
