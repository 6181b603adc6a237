import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { until } from "@latchkey/testkit/until";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { ChangeListener } from "../../src/store/postgres/change-listener.ts";
import { postgresMigrations } from "../../src/store/postgres/migrations.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import type { AuditListener } from "../../src/store/tables/audit.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { storeContract } from "./store-contract.ts";
import { event, keysOf, now, session, user } from "./store-rows.ts";

const open = (address: string, onAudit: AuditListener = () => {}): Promise<Store> =>
  openStore({ place: postgresUrl(address), onAudit });

/** On a busy machine, the last of a thousand changes waits for longer than the three seconds of the default. */
const timeout = 30_000;

storeContract("PostgreSQL", async (onAudit) =>
  openStore({ place: postgresUrl(await newDatabase()), timeout, onAudit }),
);

describe("a PostgreSQL database", () => {
  test("ten stores that open at once migrate it once and agree on the first user", async () => {
    const address = await newDatabase();
    const stores = await Promise.all(Array.from({ length: 10 }, () => open(address)));
    const added = await Promise.all(
      stores.map((store, n) => store.users.addFirst(user(`u${n}`), event("user.added"))),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    for (const store of stores) expect(await store.users.list()).toHaveLength(1);
    expect(await queryAt(address, "select version from latchkey_schema")).toEqual([
      { version: String(postgresMigrations.length) },
    ]);
    await Promise.all(stores.map((store) => store.close()));
  });

  test("of a newer Latchkey is refused and not changed", async () => {
    const address = await newDatabase();
    await (await open(address)).close();
    await queryAt(address, "update latchkey_schema set version = 99");
    await expect(open(address)).rejects.toThrow(`knows only up to ${postgresMigrations.length}`);
    expect(await queryAt(address, "select version from latchkey_schema")).toEqual([{ version: "99" }]);
  });

  test("with columns of a newer Latchkey still works with this one", async () => {
    const address = await newDatabase();
    const store = await open(address);
    await store.users.add(user("alice"), event("user.added"));
    await store.sessions.open(session("s1"), 0, event("login.succeeded"));
    expect(await store.users.byName(keysOf("alice"))).toBeDefined();
    await queryAt(
      address,
      "alter table users add column extra text; alter table sessions add column extra text",
    );
    expect(await store.users.byName(keysOf("alice"))).toMatchObject({ id: "user:alice" });
    expect(await store.sessions.byId("s1")).toMatchObject({ id: "s1" });
    await store.close();
  });

  test("a session of an older replica lives until its user's sessions end", async () => {
    const address = await newDatabase();
    const store = await open(address);
    await store.users.add(user("alice"), event("user.added"));
    await store.users.setPassword("user:alice", "$new", event("user.password_changed"));
    await queryAt(
      address,
      `insert into sessions (id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at, expires_at,
          ends_at, tokens_until, address_bucket, ended_at)
        select 's1', users.id, 0, 's1-0', ${now}, ${now}, ${now}, ${now + 1000}, ${now + 1000}, ${now + 1000}, '::1', null
        from users where users.id = 'user:alice' and users.active = 1 and users.revision = 1 for share`,
    );
    expect(await store.sessions.byId("s1")).toMatchObject({ endedAt: null });
    expect(await store.sessions.live(now)).toMatchObject([{ id: "s1" }]);
    await store.users.setActive("user:alice", false, event("user.disabled"));
    expect(await store.sessions.byId("s1")).toMatchObject({ endedAt: now });
    expect(await store.revocations.after(0)).toMatchObject([{ sessionId: "s1" }]);
    await store.close();
  });

  test("a refresh writes to no index of the sessions", async () => {
    const address = await newDatabase();
    const store = await open(address);
    await store.users.add(user("alice"), event("user.added"));
    await store.sessions.open(session("s1"), 0, event("login.succeeded"));
    const use = { lastUsedAt: now + 1, expiresAt: now + 9_000_000, tokensUntil: now + 3_700_000 };
    for (let from = 0; from < 5; from++) {
      const state = (generation: number) => ({ generation, refreshHash: `s1-${generation}` });
      const rotated = store.sessions.rotate(
        "s1",
        state(from),
        state(from + 1),
        use,
        event("token.refreshed"),
      );
      expect(await rotated).toBe(true);
    }
    await store.close();
    // The server process of a connection reports its figures when the connection ends.
    const figures = () =>
      queryAt(address, "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'sessions'");
    await expect.poll(figures, { timeout }).toEqual([{ n_tup_upd: "5", n_tup_hot_upd: "5" }]);
  });

  test("a migration behind a long transaction fails after two seconds", async () => {
    const address = await newDatabase();
    await (await open(address)).close();
    await queryAt(address, `update latchkey_schema set version = ${postgresMigrations.length - 1}`);
    await queryAt(address, "create index sessions_by_expiry on sessions (expires_at)");
    const dump = new Client({ connectionString: address });
    await dump.connect();
    await dump.query("begin; select from sessions");
    await expect(open(address)).rejects.toThrow("start again when it has ended");
    await dump.end();
    await (await open(address)).close();
  });

  test.for([1, 2, 3, 4, 5])("a session ends with a concurrent change of its user (%d)", async () => {
    const address = await newDatabase();
    const [one, two] = await Promise.all([open(address), open(address)]);
    await one.users.add(user("alice"), event("user.added"));
    const opening = Array.from({ length: 10 }, (_, n) =>
      two.sessions.open(session(`s${n}`), 0, event("login.succeeded")),
    );
    const [opened] = await Promise.all([
      Promise.all(opening),
      one.users.setPassword("user:alice", "$new", event("user.password_changed")),
    ]);
    expect(await one.sessions.live(now)).toEqual([]);
    // Every opened session is on the list.
    expect(await two.revocations.after(0)).toHaveLength(opened.filter(Boolean).length);
    await Promise.all([one.close(), two.close()]);
  });

  test("ended sessions become visible in the order of their numbers", async () => {
    const address = await newDatabase();
    const stores = await Promise.all([open(address), open(address), open(address)]);
    const [first] = stores;
    await first?.users.add(user("alice"), event("user.added"));
    const ids = Array.from({ length: 90 }, (_, n) => `s${n}`);
    await Promise.all(ids.map((id) => first?.sessions.open(session(id), 0, event("login.succeeded"))));
    const seen: string[] = [];
    let cursor = 0;
    let over = false;
    const follow = async () => {
      while (!over || seen.length < ids.length) {
        for (const revocation of (await first?.revocations.after(cursor)) ?? []) {
          seen.push(revocation.sessionId);
          cursor = revocation.number;
        }
        if (over && seen.length < ids.length) break;
      }
    };
    const following = follow();
    await Promise.all(ids.map((id, n) => stores[n % 3]?.sessions.end(id, [event("session.ended")])));
    over = true;
    await following;
    for (const { sessionId } of (await first?.revocations.after(cursor)) ?? []) seen.push(sessionId);
    expect(seen.sort()).toEqual([...ids].sort());
    await Promise.all(stores.map((store) => store.close()));
  });

  test.for<[string, (store: Store) => Promise<boolean>]>([
    [
      "a password change",
      (store) => store.users.setPassword("user:alice", "$new", event("user.password_changed")),
    ],
    [
      "a login beyond the session limit",
      (store) => {
        const instead = ["s1", "s2"].map((sessionId) => ({ ...event("session.ended"), sessionId }));
        return store.sessions.open(session("s3"), 0, event("login.succeeded"), instead);
      },
    ],
  ])("%s locks the session's row before the list of revocations", async ([, endBoth]) => {
    const address = await newDatabase();
    const store = await open(address);
    await store.users.add(user("alice"), event("user.added"));
    for (const id of ["s1", "s2"]) await store.sessions.open(session(id), 0, event("login.succeeded"));
    const logout = new Client({ connectionString: address });
    await logout.connect();
    const locks = async (condition: string) => {
      const ours = "database = (select oid from pg_database where datname = current_database())";
      const text = `select 1 from pg_locks join pg_stat_activity using (pid)
        where ${ours} and datname = current_database() and ${condition}`;
      return (await logout.query(text)).rows.length;
    };
    await logout.query("begin");
    await logout.query(`update sessions set ended_at = ${now} where id = 's2'`);
    const ended = endBoth(store);
    await until("the statement waits", async () => (await locks("wait_event_type = 'Lock'")) > 0);
    expect(await locks("locktype = 'advisory'")).toBe(0);
    await logout.query(
      "insert into revocations (session_id, until) select id, tokens_until from sessions where id = 's2'",
    );
    await logout.query("commit");
    await logout.end();
    expect(await ended).toBe(true);
    expect(new Set((await store.revocations.after(0)).map(({ sessionId }) => sessionId))).toEqual(
      new Set(["s1", "s2"]),
    );
    await store.close();
  });

  test("new tokens of a realm lock the user's row before the session's", async () => {
    const address = await newDatabase();
    const store = await open(address);
    await store.users.add(user("alice"), event("user.added"));
    await store.sessions.open(session("s1"), 0, event("login.succeeded"));
    const issuer = "https://keycloak.example/realms/people";
    await queryAt(
      address,
      `update users set issuer = '${issuer}'; update sessions set sealed_realm_tokens = '0.sealed'`,
    );
    const ending = new Client({ connectionString: address });
    await ending.connect();
    await ending.query("begin");
    await ending.query("select from users where id = 'user:alice' for update");
    const replaced = store.realmPeople.replaceTokens("s1", "0.sealed", "0.next", {
      ...user("alice"),
      issuer,
    });
    const waiting =
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await until("the change waits", async () => (await queryAt(address, waiting)).length > 0, 10_000);
    const locked = await ending.query("select id from sessions where id = 's1' for update nowait");
    expect(locked.rows).toEqual([{ id: "s1" }]);
    await ending.query("commit");
    await ending.end();
    expect(await replaced).toBe(true);
    await store.close();
  });

  test("notifies at once of ended sessions and changed keys", async () => {
    const address = await newDatabase();
    const [one, two] = await Promise.all([open(address), open(address)]);
    let told = 0;
    two.onChange?.(() => told++);
    // The first call comes with the connection itself.
    await until("the store listens", async () => told > 0, 10_000);
    let toldLate = 0;
    two.onChange?.(() => toldLate++);
    expect(toldLate).toBe(1);
    await one.users.add(user("alice"), event("user.added"));
    await one.sessions.open(session("s1"), 0, event("login.succeeded"));
    const before = told;
    await one.sessions.end("s1", [event("session.ended")]);
    await until("the store is notified", async () => told > before, 10_000);
    expect(await two.revocations.after(0)).toMatchObject([{ sessionId: "s1" }]);
    await Promise.all([one.close(), two.close()]);
  });

  test("opens no connection for notifications after it was closed", async () => {
    const place = postgresUrl(await newDatabase());
    const [host] = place.hosts;
    const newListener = () => new ChangeListener(place, { answer: 3000, connect: 2000 }, () => {});
    const [over, listening] = [newListener(), newListener()];
    let told = 0;
    over.onChange(() => told++);
    await over.close();
    over.listen(host);
    let listens = false;
    listening.onChange(() => {
      listens = true;
    });
    listening.listen(host);
    await until("the other store listens", () => listens, 10_000);
    await Promise.all([over.close(), listening.close()]);
    expect(told).toBe(0);
  });

  test("finds no user for a name with a NUL", async () => {
    const store = await open(await newDatabase());
    await store.users.add(user("alice"), event("user.added"));
    expect(await store.users.byName(keysOf("alice\0"))).toBeUndefined();
    await store.close();
  });
});
