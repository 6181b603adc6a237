import { loginContract } from "./login-contract.ts";
import { meAndLogoutContract } from "./me-and-logout-contract.ts";
import { oauthTokenContract } from "./oauth-token-contract.ts";
import { postgresWorld } from "./postgres-world.ts";
import { refreshContract } from "./refresh-contract.ts";
import { signInPageContract } from "./sign-in-page-contract.ts";

// The contracts of SQLite, run against PostgreSQL.
loginContract(postgresWorld);
refreshContract(postgresWorld);
meAndLogoutContract(postgresWorld);
oauthTokenContract(postgresWorld);
signInPageContract(postgresWorld);
