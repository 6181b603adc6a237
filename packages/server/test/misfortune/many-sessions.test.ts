import { afterAll, beforeAll } from "vitest";
import { manySessionsContract } from "../api/many-sessions-contract.ts";
import { testServer } from "../api/test-server.ts";
import { debianBinaries } from "../postgres/server/binaries.ts";
import { PostgresServer } from "../postgres/server/postgres-server.ts";

const many = 100_000;
let postgres: PostgresServer | undefined;
beforeAll(async () => {
  postgres = await PostgresServer.make({ binaries: debianBinaries() });
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

manySessionsContract("SQLite", testServer, many);
manySessionsContract(
  "Debian's PostgreSQL",
  async (settings, ...more) => {
    const database = (await postgres?.database()) ?? "";
    return testServer(
      { SECRET: "only for tests, and the same everywhere", DATABASE: database, ...settings },
      ...more,
    );
  },
  many,
);
