import { testServer } from "@latchkey/testkit/server/test-server";
import { openOnPostgres } from "./postgres-world.ts";
import { refreshGraceContract } from "./refresh-grace-contract.ts";

refreshGraceContract("SQLite", testServer);
refreshGraceContract("PostgreSQL", openOnPostgres);
