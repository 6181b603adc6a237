import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { mayBeSeeded, testServer } from "@latchkey/testkit/server/test-server";
import { databaseClock } from "../postgres/server/database-clock.ts";
import { newDatabase, suitePostgres } from "../postgres/server/suite-postgres.ts";
import { localWorld, type ProviderWorld } from "./provider-world.ts";

const secret = "only for tests, and the same everywhere";
let template: Promise<string> | undefined;

/** A database with users and without a server's keys, made once per worker. */
async function makeTemplate(): Promise<string> {
  const database = await newDatabase();
  await (await testServer({ SECRET: secret, DATABASE: database }))[Symbol.asyncDispose]();
  await queryAt(database, "delete from signing_keys; delete from deletion_time");
  return database;
}

/**
 * A test server on PostgreSQL: on its own database, unless the settings name one. The database's clock advances with
 * the server's, if the database belongs to the suite's administrator: no other role may read the clock's file.
 */
export const openOnPostgres: typeof testServer = async (settings = {}, hasher, ahead) => {
  const seeded = mayBeSeeded(settings) && hasher === undefined && ahead === undefined;
  if (seeded) template ??= makeTemplate();
  const database = settings["DATABASE"] ?? (await newDatabase(seeded ? await template : undefined));
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
