import { testServer } from "@latchkey/testkit/server/test-server";
import { currentTokenContract } from "./current-token-contract.ts";
import { openOnPostgres } from "./postgres-world.ts";

currentTokenContract("SQLite", testServer);
currentTokenContract("PostgreSQL", openOnPostgres);
