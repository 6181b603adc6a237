import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { earlierDatabases } from "./earlier-database.ts";
import { clientSession } from "./oauth-contract.ts";
import { event, now, session } from "./store-rows.ts";

/** The statements of the version before OAuth. */
const before = {
  user: `insert into users (id, username, username_key, email, email_key, display_name, roles, password_hash, active,
      revision, created_at)
    values ('user:alice', 'alice', 'alice', 'a@b', 'a@b', null, '[]', '$argon2id$', 1, 0, ${now})`,
  session: (id: string) => `
    insert into sessions (id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at, expires_at,
      ends_at, tokens_until, address_bucket, ended_at, epoch)
    select '${id}', users.id, 0, '${id}-0', ${now}, ${now}, ${now}, ${now + 604_800_000}, ${now + 2_592_000_000},
      ${now + 3_600_000}, '192.0.2.1', null, users.epoch
    from users where users.id = 'user:alice' and users.active = 1 and users.revision = 0`,
  rotation: (id: string) => `
    update sessions set generation = 1, refresh_hash = '${id}-1', rotated_at = ${now + 5}
    where id = '${id}' and generation = 0 and refresh_hash = '${id}-0'`,
  audit: `insert into audit_events (at, name, subject, session_id, address, request_id, reason, actor, replica)
    values (${now}, 'login.succeeded', 'user:alice', null, '192.0.2.1', null, null, null, 'r1')`,
  purge: (at: number) => [
    `delete from sessions where id in (
      select id from sessions where expires_at < ${at} and tokens_until < ${at} limit 5000)`,
    `delete from audit_events where number in (select number from audit_events where at < ${at} limit 5000)`,
  ],
};

const engines = earlierDatabases({ sqlite: 7, postgres: 6 });

const link = (id: string, generation: number) => ({ generation, refreshHash: `${id}-${generation}` });
const use = { lastUsedAt: now + 9, expiresAt: now + 604_800_009, tokensUntil: now + 3_600_009 };

describe.each(engines)("a database of the version before OAuth: %s", (_name, yesterday) => {
  test("keeps its sessions, and takes what an older process writes beside a newer one", async () => {
    await using database = await yesterday();
    const { place, run } = database;
    for (const sql of [before.user, before.session("s1"), before.session("s2"), before.audit]) await run(sql);
    const store = await openStore({ place, onAudit: () => {} });

    // A session of yesterday goes on as a person's own login.
    expect(await store.sessions.byId("s1")).toEqual(session("s1"));
    expect(
      await store.sessions.rotate("s1", link("s1", 0), link("s1", 1), use, event("token.refreshed")),
    ).toBe(true);

    // An older process goes on beside this one.
    for (const sql of [before.rotation("s2"), before.session("s3"), before.audit]) await run(sql);
    expect(await store.sessions.byId("s2")).toMatchObject({ ...link("s2", 1), client: null, endedAt: null });
    expect(await store.sessions.byId("s3")).toEqual(session("s3"));
    const { events } = await store.events.recent({ limit: 9, names: ["login.succeeded"] });
    expect(events).toHaveLength(2);
    for (const recorded of events) expect(recorded).not.toHaveProperty("client");

    // It cannot continue the session of a client: its token would be one for a person's own login.
    await store.sessions.open(clientSession("s4"), 0, event("login.succeeded"));
    await run(before.rotation("s4"));
    expect(await store.sessions.byId("s4")).toEqual(clientSession("s4"));
    expect(
      await store.sessions.rotate("s4", link("s4", 0), link("s4", 1), use, event("token.refreshed")),
    ).toBe(true);
    expect(await store.sessions.byId("s4")).toMatchObject(link("s4", 1));

    expect(await store.sessions.endAll("user:alice", event("sessions.ended"))).toBe(true);
    expect(await store.sessions.live(now)).toEqual([]);
    expect(await store.revocations.after(0)).toHaveLength(4);

    // It purges the rows that have expired, without the indexes of their times.
    for (const sql of before.purge(now + 1)) await run(sql);
    expect(await store.sessions.byId("s4")).toBeDefined();
    for (const sql of before.purge(now + 2_592_000_000)) await run(sql);
    expect(await store.sessions.byId("s4")).toBeUndefined();
    expect(await store.events.recent({ limit: 9 })).toEqual({ events: [] });
    await store.close();
  });
});
