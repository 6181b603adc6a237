import { expect, test } from "vitest";
import { postgresUrl } from "../../../src/config/postgres-url.ts";
import { openStore } from "../../../src/store/store.ts";
import { databaseClock } from "../../postgres/server/database-clock.ts";
import { newDatabase } from "../../postgres/server/suite-postgres.ts";
import { ownAccountContract } from "./own-account-contract.ts";
import { passwordResetContract } from "./password-reset-contract.ts";
import { caller, type OpenStores, selfServiceWorld } from "./self-service-world.ts";
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

test("a sign-up is refused as overloaded while 10,000 requests of strangers wait", async () => {
  await using world = await selfServiceWorld(inMemory);
  const nobody = { recipient: "", userId: null, linkId: null, language: "en", createdAt: 1 } as const;
  const request = { ...nobody, content: { kind: "reset_request", typedName: "x" } } as const;
  await Promise.all(Array.from({ length: 10_000 }, () => world.store.outbox.request(request, [])));
  const overloaded = expect.objectContaining({ code: "overloaded" });
  await expect(world.stories.signUp("carol@example.com", caller, "en")).rejects.toEqual(overloaded);
  await expect(world.stories.forgotPassword("alice", caller, "en")).rejects.toEqual(overloaded);
});

for (const [engine, open] of [
  ["SQLite", inMemory],
  ["PostgreSQL", onPostgres],
] as const) {
  ownAccountContract(engine, open);
  passwordResetContract(engine, open);
  signUpContract(engine, open);
}
