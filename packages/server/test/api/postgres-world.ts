import { databaseClock } from "../postgres/server/database-clock.ts";
import { newDatabase } from "../postgres/server/new-database.ts";
import { suitePostgres } from "../postgres/server/suite-postgres.ts";
import { localWorld, type ProviderWorld } from "./provider-world.ts";
import { testServer } from "./test-server.ts";

/**
 * A test server on PostgreSQL: on an empty database where the settings name none. The database's clock advances with
 * the server's, if the database belongs to the suite's administrator: no other role may read the clock's file.
 */
export const openOnPostgres: typeof testServer = async (settings = {}, hasher, ahead) => {
  const secret = "only for tests, and the same everywhere";
  const database = settings["DATABASE"] ?? (await newDatabase());
  const server = await testServer({ SECRET: secret, ...settings, DATABASE: database }, hasher, ahead);
  if (new URL(database).username !== new URL(await suitePostgres()).username) return server;
  const clock = await databaseClock(database);
  return {
    ...server,
    advance(ms) {
      server.advance(ms);
      clock.advance(ms);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      clock[Symbol.dispose]();
    },
  };
};

/** Latchkey's own users, on PostgreSQL. */
export const postgresWorld: ProviderWorld = { ...localWorld, open: openOnPostgres };
