import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import type { AttemptCounter } from "../../src/core/throttle/attempt-counter.ts";
import { longestAttempt } from "../../src/store/postgres/attempts.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { attemptCounterContract } from "../core/attempt-counter-contract.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

const rule = { limit: 3, windowMs: 900_000 };
const one = (key: string) => [{ key, rule }];

/** Two replicas on a database. A test sets the clock of the database. */
class World {
  readonly address: string;
  readonly stores: readonly [Store, Store];
  #now: number | undefined;

  private constructor(address: string, stores: readonly [Store, Store]) {
    this.address = address;
    this.stores = stores;
  }

  static async open(timeout = 3000): Promise<World> {
    const address = await newDatabase();
    const store = () => openStore({ place: postgresUrl(address), onAudit: () => {}, timeout });
    const world = new World(address, [await store(), await store()]);
    await queryAt(
      address,
      `create table test_clock (now bigint not null); insert into test_clock values (0);
       create or replace function latchkey_now() returns bigint language sql stable
         as $$ select now from test_clock $$`,
    );
    return world;
  }

  async setClock(now: number): Promise<void> {
    if (this.#now === now) return;
    this.#now = now;
    await queryAt(this.address, `update test_clock set now = ${now}`);
  }

  rows(): Promise<Record<string, unknown>[]> {
    return queryAt(this.address, "select *, ctid::text, xmin::text, xmax::text from attempts order by key");
  }

  async close(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function failThrice(counter: AttemptCounter, key: string): Promise<void> {
  for (let time = 0; time < rule.limit; time++) {
    await counter.reserve(one(key));
    await counter.settle(one(key), true);
  }
}

describe("attempts counted for all replicas", () => {
  const shared = World.open();
  let runs = 0;

  attemptCounterContract("PostgreSQL", async (steady) => {
    const world = await shared;
    // Every run has its own keys, so that all runs can share one table.
    const run = `${runs++} `;
    const counter = world.stores[0].attemptCounters(steady).login;
    const own = <Limit extends { key: string }>(limits: readonly Limit[]) =>
      limits.map((limit) => ({ ...limit, key: run + limit.key }));
    const inTime = () => world.setClock(steady());
    return {
      reserve: (limits) => inTime().then(() => counter.reserve(own(limits))),
      settle: (limits, failed) => inTime().then(() => counter.settle(own(limits), failed)),
      turnAway: (key) => inTime().then(() => counter.turnAway(run + key)),
      forget: (key) => counter.forget(run + key),
      prune: () => inTime().then(() => counter.prune()),
    };
  });

  test("two replicas together admit only as many attempts as one", async () => {
    const counters = (await shared).stores.map((store) => store.attemptCounters(() => 0).login);
    const tries = Array.from({ length: 20 }, (_, n) => counters[n % 2]?.reserve(one("both")));
    const admitted = (await Promise.all(tries)).flat().filter((reservation) => reservation?.admitted);
    expect(admitted).toHaveLength(rule.limit);
  });

  test("an assertion of a client is used once, at two replicas together", async () => {
    const counters = (await shared).stores.map((store) => store.attemptCounters(() => 0).assertion);
    const limits = [{ key: "assertion both", rule: { limit: 1, windowMs: 60_000 } }];
    const uses = Array.from({ length: 20 }, async (_, n) => {
      const counter = counters[n % 2];
      const [reservation] = (await counter?.reserve(limits)) ?? [];
      if (reservation?.admitted) await counter?.settle(limits, true);
      return reservation?.admitted;
    });
    expect((await Promise.all(uses)).filter(Boolean)).toHaveLength(1);
  });

  test("two replicas together answer only as many failed refreshes as one", async () => {
    const counters = (await shared).stores.map((store) => store.attemptCounters(() => 0).refresh);
    const answers: (number | undefined)[] = [];
    for (let n = 0; n < 10; n++) {
      const counter = counters[n % 2];
      const [reservation] = (await counter?.reserve(one("refresh both"))) ?? [];
      if (reservation?.admitted) answers.push(await counter?.settle(one("refresh both"), true));
    }
    // Each replica learns once that the limit was exceeded, or knows it already.
    expect(answers.filter((retryAfter) => retryAfter === undefined)).toHaveLength(rule.limit);
    expect(answers.length).toBeLessThanOrEqual(rule.limit + 1);
    expect([
      await counters[0]?.turnAway("refresh both"),
      await counters[1]?.turnAway("refresh both"),
    ]).toEqual([true, false]);
  });
});

describe("a refused attempt", () => {
  test("writes no row and locks none, at a replica without the key in its cache", async () => {
    await using world = await World.open();
    const [first, second] = world.stores.map((store) => store.attemptCounters(() => 0).login);
    if (first === undefined || second === undefined) throw new Error("no counters");
    await failThrice(first, "address");
    for (let n = 0; n < rule.limit; n++) await first.reserve(one("busy"));
    const before = await world.rows();
    for (const full of ["address", "busy"]) {
      const reservations = await second.reserve([...one("pair"), ...one("account"), ...one(full)]);
      expect(reservations.map(({ admitted }) => admitted)).toEqual([true, true, false]);
    }
    expect(await world.rows()).toEqual(before);
  });
});

describe("a slot that was not released", () => {
  test("because its replica died is free after a minute, before the window ends", async () => {
    await using world = await World.open();
    const [died, lives] = world.stores.map((store) => store.attemptCounters(() => 0).login);
    for (let n = 0; n < rule.limit; n++) await died?.reserve(one("key"));
    await world.setClock(longestAttempt - 1);
    expect(await lives?.reserve(one("key"))).toMatchObject([{ admitted: false, exhausted: false }]);
    await world.setClock(longestAttempt);
    for (let n = 0; n < rule.limit; n++)
      expect(await lives?.reserve(one("key"))).toEqual([{ admitted: true }]);
    expect(await lives?.reserve(one("key"))).toMatchObject([{ admitted: false }]);
  });

  test("because the database failed is free after a minute, and counts as failed", async () => {
    await using world = await World.open(100);
    const [counter] = world.stores.map((store) => store.attemptCounters(() => 0).login);
    await counter?.reserve(one("key"));
    await queryAt(world.address, "alter table attempts rename to away");
    await expect(counter?.settle(one("key"), true)).rejects.toMatchObject({ code: "store_unavailable" });
    await queryAt(world.address, "alter table away rename to attempts");
    // On a busy machine, the new attempts may exceed the timeout of 100 ms as well.
    const counted = async () => (await world.rows())[0]?.["failures"] === "1";
    await until("the failure is counted", counted, 20_000);
    await world.setClock(longestAttempt);
    await counter?.reserve(one("key"));
    expect(await world.rows()).toMatchObject([{ failures: "1", open: "1" }]);
  });
});

describe("windows follow the database's clock", () => {
  test("and not the clock of a replica", async () => {
    await using world = await World.open();
    let steady = 5_000_000_000;
    const [slow, fast] = [() => 0, () => steady].map((clock, n) =>
      world.stores[n === 0 ? 0 : 1].attemptCounters(clock),
    );
    if (slow === undefined || fast === undefined) throw new Error("no counters");
    await failThrice(slow.login, "key");
    expect(await fast.login.reserve(one("key"))).toEqual([
      { admitted: false, retryAfterMs: rule.windowMs, exhausted: true },
    ]);
    await world.setClock(rule.windowMs - 1000);
    steady += rule.windowMs - 1000;
    expect(await fast.login.reserve(one("key"))).toMatchObject([{ retryAfterMs: 1000 }]);
    await world.setClock(rule.windowMs);
    steady += 1000;
    expect(await fast.login.reserve(one("key"))).toEqual([{ admitted: true }]);
  });

  test("a clock set back by an hour leaves no window longer than its rule", async () => {
    await using world = await World.open();
    const hour = 3_600_000;
    await world.setClock(2 * hour);
    const [first, second] = world.stores.map((store) => store.attemptCounters(() => 0));
    if (first === undefined || second === undefined) throw new Error("no counters");
    await failThrice(first.login, "login");
    for (let n = 0; n < rule.limit; n++) await first.login.reserve(one("open"));
    for (let n = 0; n < rule.limit; n++) await first.refresh.settle(one("refresh"), true);
    await world.setClock(hour);
    expect(await second.login.reserve(one("login"))).toMatchObject([{ retryAfterMs: rule.windowMs }]);
    expect(await second.login.reserve(one("open"))).toMatchObject([{ admitted: false }]);
    expect(await second.refresh.settle(one("refresh"), true)).toBe(rule.windowMs);
    await world.setClock(hour + longestAttempt);
    expect(await second.login.reserve(one("open"))).toEqual([{ admitted: true }]);
    await world.setClock(hour + rule.windowMs);
    const restarted = world.stores[1].attemptCounters(() => 0);
    expect(await restarted.login.reserve(one("login"))).toEqual([{ admitted: true }]);
    expect(await restarted.refresh.settle(one("refresh"), true)).toBeUndefined();
  });
});
