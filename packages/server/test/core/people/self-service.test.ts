import { postgresUrl } from "../../../src/config/postgres-url.ts";
import { openStore } from "../../../src/store/store.ts";
import { databaseClock } from "../../postgres/server/database-clock.ts";
import { newDatabase } from "../../postgres/server/suite-postgres.ts";
import { ownAccountContract } from "./own-account-contract.ts";
import { passwordResetContract } from "./password-reset-contract.ts";
import type { OpenStores } from "./self-service-world.ts";
import { signUpContract } from "./sign-up-contract.ts";

const inMemory: OpenStores = async (onAudit) => {
  const store = await openStore({ place: { engine: "memory" }, onAudit });
  return { stores: [store, store] };
};

/** Two replicas, each with connections of its own. */
const onPostgres: OpenStores = async (onAudit) => {
  const address = await newDatabase();
  const place = postgresUrl(address);
  const timeout = 30_000;
  return {
    stores: [await openStore({ place, timeout, onAudit }), await openStore({ place, timeout, onAudit })],
    clock: await databaseClock(address),
  };
};

for (const [engine, open] of [
  ["SQLite", inMemory],
  ["PostgreSQL", onPostgres],
] as const) {
  ownAccountContract(engine, open);
  passwordResetContract(engine, open);
  signUpContract(engine, open);
}
