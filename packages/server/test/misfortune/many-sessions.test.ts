import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { testServer } from "@latchkey/testkit/server/test-server";
import { afterAll, beforeAll } from "vitest";
import { manySessionsContract } from "../api/many-sessions-contract.ts";

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
