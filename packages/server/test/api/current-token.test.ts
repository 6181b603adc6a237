import { currentTokenContract } from "./current-token-contract.ts";
import { openOnPostgres } from "./postgres-world.ts";
import { testServer } from "./test-server.ts";

currentTokenContract("SQLite", testServer);
currentTokenContract("PostgreSQL", openOnPostgres);
