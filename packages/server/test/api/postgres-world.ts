import { newDatabase } from "../postgres/server/new-database.ts";
import { localWorld, type ProviderWorld } from "./provider-world.ts";
import { testServer } from "./test-server.ts";

/** A test server on PostgreSQL: on an empty database where the settings name none. */
export const openOnPostgres: typeof testServer = async (settings = {}, hasher, ahead) => {
  const secret = "only for tests, and the same everywhere";
  return testServer(
    { DATABASE: settings["DATABASE"] ?? (await newDatabase()), SECRET: secret, ...settings },
    hasher,
    ahead,
  );
};

/** Latchkey's own users, on PostgreSQL. */
export const postgresWorld: ProviderWorld = { ...localWorld, open: openOnPostgres };
