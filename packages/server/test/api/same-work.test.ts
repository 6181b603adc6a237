import { openOnPostgres } from "./postgres-world.ts";
import { sameWorkContract } from "./same-work-contract.ts";
import { testServer } from "./test-server.ts";

sameWorkContract("SQLite", testServer);
sameWorkContract("PostgreSQL", openOnPostgres);
