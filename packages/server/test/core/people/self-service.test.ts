import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { postgresUrl } from "../../../src/config/postgres-url.ts";
import { openStore } from "../../../src/store/store.ts";
import { databaseClock } from "../../postgres/server/database-clock.ts";
import { newDatabase } from "../../postgres/server/suite-postgres.ts";
import { invitationContract } from "./invitation-contract.ts";
import { noticesContract } from "./notices-contract.ts";
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

test("a sign-up is refused as overloaded while 10,000 mails wait", async () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-outbox-"));
  const path = join(folder, "latchkey.db");
  try {
    await using world = await selfServiceWorld(async (onAudit) => {
      const store = await openStore({ place: { engine: "sqlite", path }, owner: "command", onAudit });
      return { stores: [store, store] };
    });
    const others = new DatabaseSync(path, { timeout: 5_000 });
    others.exec(`
      with recursive numbers (number) as (select 1 union all select number + 1 from numbers where number < 10000)
      insert into outbox (id, kind, recipient, language, details, created_at, next_try_at)
        select number, 'reset_request', '', 'en', '{}', 0, 0 from numbers`);
    others.close();
    const overloaded = expect.objectContaining({ code: "overloaded" });
    await expect(world.stories.signUp("carol@example.com", caller, "en")).rejects.toEqual(overloaded);
    await expect(world.stories.forgotPassword("alice", caller, "en")).rejects.toEqual(overloaded);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const [engine, open] of [
  ["SQLite", inMemory],
  ["PostgreSQL", onPostgres],
] as const) {
  ownAccountContract(engine, open);
  passwordResetContract(engine, open);
  signUpContract(engine, open);
  invitationContract(engine, open);
  noticesContract(engine, open);
}
