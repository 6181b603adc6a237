import { describe, expect, test } from "vitest";
import { searchUsers } from "../../src/core/people/search-users.ts";
import { openStore } from "../../src/store/store.ts";
import { earlierDatabases } from "./earlier-database.ts";
import { event, keysOf, now, session, user } from "./store-rows.ts";

/** The statements of the version before user administration. */
const before = {
  user: (name: string) => `
    insert into users (id, username, username_key, email, email_key, display_name, roles, password_hash, active,
      revision, created_at)
    values ('user:${name}', '${name}', '${name}', '${name}@example.com', '${name}@example.com', 'Dear ${name}',
      '["admin"]', '$argon2id$', 1, 0, ${now})`,
  session: (id: string) => `
    insert into sessions (id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at, expires_at,
      ends_at, tokens_until, address_bucket, client_id, client_name, scope, resource, ended_at, epoch,
      sealed_realm_tokens)
    select '${id}', users.id, 0, '${id}-0', ${now}, ${now}, ${now}, ${now + 604_800_000}, ${now + 2_592_000_000},
      ${now + 3_600_000}, '192.0.2.1', null, null, null, null, null, users.epoch, null
    from users where users.id = 'user:alice' and users.active = 1 and users.revision = 0`,
  removal: `insert into audit_events (at, name, subject, address) values (${now}, 'user.removed', 'user:gone', 'cli')`,
  setPassword: "update users set password_hash = '$other', revision = revision + 1 where id = 'user:alice'",
  remove: [
    `update users set active = 0, revision = revision + 1, removed = 1, username_key = 'removed user:bob',
      email_key = 'removed user:bob' where id = 'user:bob' and removed = 0`,
    "delete from users where id = 'user:bob' and removed = 1",
  ],
};

const engines = earlierDatabases({ sqlite: 9, postgres: 8 });

describe.each(engines)("a database of the version before user administration: %s", (engine, yesterday) => {
  test("keeps its users and sessions, and an older process can go on", async () => {
    await using database = await yesterday();
    const { place, run } = database;
    for (const sql of [before.user("alice"), before.session("s1"), before.removal]) await run(sql);
    const store = await openStore({ place, onAudit: () => {} });
    expect(await store.users.byId("user:alice")).toMatchObject({
      ...{ username: "alice", roles: ["admin"], version: 0, mustChangePassword: false, createdAt: now },
      ...{ passwordChangedAt: null, lastLoginAt: null, emailVerifiedAt: null },
    });
    expect(await store.sessions.byId("s1")).toEqual(session("s1"));

    // The id of a user that was removed yesterday is not given again.
    expect(await store.users.add(user("gone"), event("user.added"))).toBe("id_taken");

    // An older process goes on beside this one.
    for (const sql of [before.session("s2"), before.user("bob"), before.setPassword]) await run(sql);
    expect(await store.sessions.byId("s2")).toEqual(session("s2"));
    expect(await store.users.byName(keysOf("bob"))).toMatchObject({ version: 0, displayName: "Dear bob" });
    expect(await store.sessions.open(session("s3"), 0, event("login.succeeded"))).toBe(false);
    expect(await store.sessions.open(session("s3"), 1, event("login.succeeded"))).toBe(true);

    // Its users are found by their display names after the next run of a job.
    await store.userSearch.completeKeys();
    const { users } = await searchUsers(store.userSearch, { search: "DEAR", limit: 9 });
    expect(users.map(({ username }) => username)).toEqual(["alice", "bob"]);

    // On PostgreSQL several replicas run. One server alone has a SQLite database, and its ids are spent by a removal.
    if (engine === "PostgreSQL") {
      for (const sql of before.remove) await run(sql);
      expect(await store.users.add(user("bob"), event("user.added"))).toBe("id_taken");
    }
    await store.close();
  });
});
