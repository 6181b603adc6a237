import { openOnPostgres } from "./postgres-world.ts";
import { refreshGraceContract } from "./refresh-grace-contract.ts";
import { testServer } from "./test-server.ts";

refreshGraceContract("SQLite", testServer);
refreshGraceContract("PostgreSQL", openOnPostgres);
