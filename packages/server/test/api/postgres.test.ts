import { loginContract } from "./login-contract.ts";
import { meAndLogoutContract } from "./me-and-logout-contract.ts";
import { postgresWorld } from "./postgres-world.ts";
import { refreshContract } from "./refresh-contract.ts";

// What holds on SQLite holds on PostgreSQL, to the letter.
loginContract(postgresWorld);
refreshContract(postgresWorld);
meAndLogoutContract(postgresWorld);
