import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { until } from "@latchkey/testkit/until";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { authorization, redeemed } from "./oauth-contract.ts";
import { event, now, user } from "./store-rows.ts";

/** Two replicas on one database, and a connection that holds locks. */
async function twoReplicas() {
  const address = await newDatabase();
  const open = () => openStore({ place: postgresUrl(address), onAudit: () => {}, timeout: 30_000 });
  const [one, two] = await Promise.all([open(), open()]);
  const other = new Client({ connectionString: address });
  await other.connect();
  await one.users.add(user("alice"), event("user.added"));
  const addCode = (hash: string) =>
    one.authorizations.add(authorization(hash), event("authorization.granted"));
  return {
    one,
    two,
    other,
    addCode,
    /** Resolves when so many statements of the replicas wait for locks. */
    waiting: (count: number) =>
      until(
        `${count} statements wait`,
        async () => {
          // On a connection of its own: a transaction would see the same connections for its whole life.
          const waits = await queryAt(
            address,
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          );
          return waits.length >= count;
        },
        10_000,
      ),
    async [Symbol.asyncDispose]() {
      await other.end();
      await Promise.all([one.close(), two.close()]);
    },
  };
}

const block = (store: Store) => store.clients.block("editor", "Editor", event("client.blocked"), "sid");

/** No session of the client lives, and each one that was opened is on the list. */
async function expectEnded(store: Store, opened: number) {
  expect(await store.sessions.live(now)).toEqual([]);
  expect(await store.revocations.after(0)).toHaveLength(opened);
  expect(await store.revocations.isIncomplete()).toBe(false);
}

describe("a client in no table, on two replicas", () => {
  test("a block waits for a redemption under way, and ends its session", async () => {
    await using world = await twoReplicas();
    await world.addCode("h1");
    await world.other.query("begin");
    await world.other.query("select from users where id = 'user:alice' for update");
    const redeeming = redeemed(world.one, "h1", "s1");
    await world.waiting(1);
    const blocking = block(world.two);
    await world.waiting(2);
    await world.other.query("rollback");
    expect(await Promise.all([redeeming, blocking])).toEqual([true, true]);
    await expectEnded(world.one, 1);
  });

  test("a redemption waits for a block under way, and is refused", async () => {
    await using world = await twoReplicas();
    await world.addCode("h1");
    await world.other.query("begin");
    await world.other.query(
      `insert into clients (id, name, redirect_uris, credentials, grant_types, roles, scope, created_at)
      values ('editor', '', '', '', '', '', '', 0)`,
    );
    const blocking = block(world.two);
    await world.waiting(1);
    const redeeming = redeemed(world.one, "h1", "s1");
    await world.waiting(2);
    await world.other.query("rollback");
    expect(await Promise.all([redeeming, blocking])).toEqual([false, true]);
    await expectEnded(world.one, 0);
  });

  test("a code that is granted beside a block is worth nothing, also after the unblock", async () => {
    await using world = await twoReplicas();
    await world.other.query("begin");
    await world.other.query("select from users where id = 'user:alice' for update");
    const granting = world.addCode("h1");
    await world.waiting(1);
    const blocking = block(world.two);
    await world.waiting(2);
    await world.other.query("rollback");
    expect(await Promise.all([granting, blocking])).toEqual([true, true]);
    await world.two.clients.unblock("editor", event("client.unblocked"));
    expect(await redeemed(world.one, "h1", "s1")).toBe(false);
  });

  test("a block and the removal of a user with a code never wait for each other", async () => {
    await using world = await twoReplicas();
    await world.addCode("h1");
    // Of two that wait for each other, this connection finds out first, and is the one that fails.
    await world.other.query("set deadlock_timeout = '10ms'");
    await world.other.query("begin");
    await world.other.query("insert into revocations (session_id, until) values ('of the user', 0)");
    const blocking = block(world.two);
    await world.waiting(1);
    await world.other.query("delete from users where id = 'user:alice'");
    await world.other.query("commit");
    expect(await blocking).toBe(true);
  });

  test("one of twenty redemptions on two replicas opens a session", async () => {
    await using world = await twoReplicas();
    await world.addCode("h1");
    const tries = Array.from({ length: 20 }, (_, at) =>
      redeemed(at % 2 === 0 ? world.one : world.two, "h1", `s${at}`),
    );
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
    expect(await world.two.sessions.live(now)).toHaveLength(1);
  });

  test.for([1, 2, 3, 4, 5])("redemptions beside a block leave no session (%d)", async () => {
    await using world = await twoReplicas();
    const codes = Array.from({ length: 10 }, (_, at) => `h${at}`);
    for (const code of codes) await world.addCode(code);
    const redeeming = codes.map((code, at) => redeemed(at % 2 === 0 ? world.one : world.two, code, `s${at}`));
    const [opened] = await Promise.all([Promise.all(redeeming), block(world.two)]);
    await world.one.finishEndings(now);
    await expectEnded(world.one, opened.filter(Boolean).length);
  });

  test.for<[string, (store: Store) => Promise<boolean>]>([
    [
      "a password change",
      ({ users }) => users.setPassword("user:alice", "$new", event("user.password_changed")),
    ],
    ["a removal", ({ users }) => users.remove("user:alice", event("user.removed"))],
    ["the end of all sessions", ({ sessions }) => sessions.endAll("user:alice", event("sessions.ended"))],
  ])("redemptions beside %s leave no session", async ([, end]) => {
    await using world = await twoReplicas();
    const codes = Array.from({ length: 10 }, (_, at) => `h${at}`);
    for (const code of codes) await world.addCode(code);
    const redeeming = codes.map((code, at) => redeemed(at % 2 === 0 ? world.one : world.two, code, `s${at}`));
    const [opened, ended] = await Promise.all([Promise.all(redeeming), end(world.two)]);
    expect(ended).toBe(true);
    await world.one.finishEndings(now);
    expect(await world.one.sessions.live(now)).toEqual([]);
    const revoked = (await world.one.revocations.after(0)).map(({ sessionId }) => sessionId);
    expect(new Set(revoked).size).toBe(opened.filter(Boolean).length);
  });
});
