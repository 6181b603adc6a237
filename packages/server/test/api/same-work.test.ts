import { testServer } from "@latchkey/testkit/server/test-server";
import { openOnPostgres } from "./postgres-world.ts";
import { sameWorkContract } from "./same-work-contract.ts";

sameWorkContract("SQLite", testServer);
sameWorkContract("PostgreSQL", openOnPostgres);
