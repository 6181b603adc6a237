import type { Environment, Place, ServerProcess } from "@latchkey/testkit/server/server-process";

/** The settings of every replica on a database. */
export function replicaEnvironment(database: string, more: Environment = {}): Environment {
  return {
    LATCHKEY_DATABASE: database,
    LATCHKEY_SECRET: "only for tests, and the same everywhere",
    LATCHKEY_DATABASE_TIMEOUT: "1s",
    ...more,
  };
}

/** Starts one server on a PostgreSQL database. */
export function replica(place: Place, database: string, more: Environment = {}): Promise<ServerProcess> {
  return place.server({ env: replicaEnvironment(database, more) });
}
