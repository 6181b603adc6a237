import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { until } from "@latchkey/testkit/until";
import { Client } from "pg";
import { expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import type { InviterAsRead, Link } from "../../src/core/people/links.ts";
import { openStore } from "../../src/store/store.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { event, now, user } from "./store-rows.ts";

const invitation: Link = {
  ...{ id: "link", purpose: "sign_up", userId: null, revision: null, roles: ["user"] },
  ...{ email: "carol@example.org", invitedBy: "user:root", invitedWith: "lkc_program" },
  ...{ createdAt: now, expiresAt: now + 60_000 },
};
const inviter: InviterAsRead = {
  user: { id: "user:root", version: 0 },
  client: { id: "lkc_program", describesItself: true },
};

test.each([
  ["a change of the inviter", "update users set roles = '[]', version = version + 1 where id = 'user:root'"],
  [
    "a block of the inviter's client",
    `select pg_advisory_xact_lock(hashtextextended('lkc_program', 7310868735423766889));
      insert into clients (id, name, redirect_uris, credentials, grant_types, roles, scope, created_at, blocked_at)
      values ('lkc_program', 'Program', '[]', '[]', '[]', '[]', '', 1, 1)`,
  ],
])("%s under way is waited for, and then nobody joins", async (_what, sql) => {
  const address = await newDatabase();
  await using open = new AsyncDisposableStack();
  const place = postgresUrl(address);
  const store = await openStore({ place, onAudit: () => {}, timeout: 30_000 });
  open.defer(() => store.close());
  const other = new Client({ connectionString: address });
  open.defer(() => other.end());
  await other.connect();
  await store.users.add(user("root"), event("user.added"));
  await store.links.add(invitation, [], []);

  await other.query("begin");
  await other.query(sql);
  const joining = store.users.add(user("carol"), event("user.signed_up"), { link: "link", inviter });
  const waiting =
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await until("the account waits", async () => (await queryAt(address, waiting)).length > 0, 10_000);
  await other.query("commit");

  expect(await joining).toBe("outdated");
  expect(await store.users.byId("user:carol")).toBeUndefined();
});
