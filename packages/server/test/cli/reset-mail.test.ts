import { expect, test } from "vitest";
import { CommandProblem } from "../../src/cli/failures.ts";
import { sendResetMail } from "../../src/cli/reset-mail.ts";
import { readConfig } from "../../src/config/config.ts";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { recordOf } from "../../src/core/people/users.ts";
import { openStore } from "../../src/store/store.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { event, user } from "../store/store-rows.ts";

test("commands share the limit of reset mails with the replicas of PostgreSQL", async () => {
  await using open = new AsyncDisposableStack();
  const store = await openStore({
    place: postgresUrl(await newDatabase()),
    onAudit: () => {},
    timeout: 30_000,
  });
  open.defer(() => store.close());
  await store.users.add(user("alice"), event("user.added"));
  const alice = await store.users.byId("user:alice");
  if (alice === undefined) throw new Error("no user");
  const send = () => sendResetMail(readConfig({}), store, recordOf(alice));
  for (let time = 0; time < 5; time++) await send();
  const refused = send();
  await expect(refused).rejects.toBeInstanceOf(CommandProblem);
  await expect(refused).rejects.toThrow(
    "alice@example.com got five such mails within an hour: try again in 60 minutes",
  );
  expect(await store.outbox.count()).toBe(5);
});
