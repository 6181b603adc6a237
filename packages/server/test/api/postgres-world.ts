import { newDatabase } from "../postgres/server/new-database.ts";
import { localWorld, type ProviderWorld } from "./provider-world.ts";
import { testServer } from "./test-server.ts";

/** Latchkey's own users, on PostgreSQL. */
export const postgresWorld: ProviderWorld = {
  ...localWorld,
  open: async (settings = {}) =>
    testServer({
      DATABASE: await newDatabase(),
      SECRET: "only for tests, and the same everywhere",
      ...settings,
    }),
};
