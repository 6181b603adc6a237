import { DatabaseSync } from "node:sqlite";
import type { Environment, Place } from "@latchkey/testkit/server/server-process";
import { Client } from "pg";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

/** A database with the server's schema and its first administrator, and a connection to it. */
export interface ScaleDatabase extends AsyncDisposable {
  /** The settings of servers and commands on it. */
  readonly env: Environment;
  /** Runs one statement of SQL, and reads its rows. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** Both engines, each with a way to make a database. */
export const engines: readonly (readonly [
  name: "SQLite" | "PostgreSQL",
  open: (place: Place) => Promise<ScaleDatabase>,
])[] = [
  ["SQLite", openSqlite],
  ["PostgreSQL", openPostgres],
];

/** A common table expression of the numbers 1 to `count`, on both engines. */
export const numbers = (count: number): string =>
  `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${count})`;

let files = 0;

async function openSqlite(place: Place): Promise<ScaleDatabase> {
  const database = place.path(`scale-${files++}.db`);
  const env = { LATCHKEY_DATABASE: database };
  await makeSchema(place, env);
  const connection = new DatabaseSync(database, { timeout: 10_000 });
  return {
    env,
    query: async (sql) => connection.prepare(sql).all(),
    [Symbol.asyncDispose]: async () => connection.close(),
  };
}

async function openPostgres(place: Place): Promise<ScaleDatabase> {
  const database = await newDatabase();
  const env = replicaEnvironment(database, { LATCHKEY_DATABASE_TIMEOUT: "30s" });
  await makeSchema(place, env);
  const connection = new Client({ connectionString: database });
  await connection.connect();
  return {
    env,
    query: async (sql) => (await connection.query(sql)).rows,
    [Symbol.asyncDispose]: () => connection.end(),
  };
}

async function makeSchema(place: Place, env: Environment): Promise<void> {
  const server = await place.server({ env });
  await server.stop();
}
