import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { createEveryEvent } from "../../src/core/stories/recent-events.ts";
import { type Database, NewerDatabaseError } from "../../src/store/database.ts";
import { openConnection } from "../../src/store/sqlite/connection.ts";
import { openSqlite } from "../../src/store/sqlite/engine.ts";
import { sqliteMigrations } from "../../src/store/sqlite/migrations.ts";
import { type NoValues, statement } from "../../src/store/statement.ts";
import { openStore } from "../../src/store/store.ts";
import { auditTable } from "../../src/store/tables/audit.ts";
import { auditBound } from "../../src/store/tables/audit-bound.ts";
import { auditReading } from "../../src/store/tables/audit-reading.ts";
import { sessionEndings } from "../../src/store/tables/session-endings.ts";
import type { Opening } from "./opening-thread.ts";
import { storeContract } from "./store-contract.ts";
import { event, now, session, user } from "./store-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "latchkey-store-"));
let files = 0;
const file = () => join(folder, `${files++}`, "latchkey.db");
afterAll(() => rmSync(folder, { recursive: true }));

storeContract("SQLite in memory", (onAudit) => openStore({ place: { engine: "memory" }, onAudit }));
storeContract("SQLite in a file, written by a thread", (onAudit) =>
  openStore({ place: { engine: "sqlite", path: file() }, onAudit }),
);
storeContract("SQLite in a file, written inline", (onAudit) =>
  openStore({ place: { engine: "sqlite", path: file() }, owner: "command", onAudit }),
);

test("a reading of the audit trail is bounded and returns its continuation", async () => {
  const database = await openSqlite({ path: ":memory:" });
  const audit = auditTable(database, () => {});
  const reading = auditReading(database, { sliceSize: 2, mostSlices: 3 });
  await audit.record({ name: "user.added", at: 1, address: "test" });
  for (let count = 0; count < 9; count++)
    await audit.record({ name: "login.failed", at: 1, address: "test" });
  const first = await reading.recent({ limit: 5, names: ["user.added"] });
  expect(first).toEqual({ events: [], next: 5 });
  const rest = await reading.recent({ limit: 5, names: ["user.added"], before: 5 });
  expect(rest).toMatchObject({ events: [{ number: 1, name: "user.added" }] });
  expect(rest).not.toHaveProperty("next");
  await database.close();
});

test("an export reads every selected event once, also behind pages without any", async () => {
  const database = await openSqlite({ path: ":memory:" });
  const audit = auditTable(database, () => {});
  const rare = { name: "user.added", at: 1, address: "test" } as const;
  await audit.record(rare);
  for (let count = 0; count < 9; count++) await audit.record({ ...rare, name: "login.failed" });
  await audit.record(rare);
  const everyEvent = createEveryEvent(
    { byName: async () => undefined },
    auditReading(database, { sliceSize: 2, mostSlices: 1 }),
  );
  const numbers: number[] = [];
  for await (const page of everyEvent({ names: ["user.added"] })) {
    numbers.push(...page.map(({ number }) => number));
    // An event that is recorded during the export is not part of it.
    await audit.record(rare);
  }
  expect(numbers).toEqual([11, 1]);
  await database.close();
});

test("an interrupted deletion of audit events is recorded", async () => {
  const database = await openSqlite({ path: ":memory:" });
  const audit = auditTable(database, () => {});
  await audit.record({ name: "login.failed", at: 1, address: "test" });
  await audit.record({ name: "login.failed", at: 9, address: "test" });
  let commits = 0;
  const ending: Database = {
    writers: database.writers,
    all: (statement, params) => database.all(statement, params),
    async commit(...change) {
      if (++commits > 1) throw new Error("the process ended");
      return database.commit(...change);
    },
    close: () => database.close(),
  };
  const pruning = auditBound(
    ending,
    auditTable(ending, () => {}),
  ).prune(2, { name: "audit.pruned", at: 9, address: "cli" });
  await expect(pruning).rejects.toThrow("the process ended");
  const { events } = await auditReading(database).recent({ limit: 5 });
  expect(events.map(({ name }) => name)).toEqual(["audit.pruned", "login.failed", "login.failed"]);
  await database.close();
});

const silent = { onAudit: () => {} };

describe("a database file", () => {
  test("is in WAL mode and flushed at every commit", async () => {
    const path = file();
    const store = await openStore({ place: { engine: "sqlite", path }, ...silent });
    const connection = openConnection(path);
    expect(connection.prepare("pragma journal_mode").get()).toEqual({ journal_mode: "wal" });
    expect(connection.prepare("pragma synchronous").get()).toEqual({ synchronous: 2 });
    connection.close();
    await store.close();
    expect(statSync(path).size).toBeGreaterThan(0);
  });

  test("of a newer Latchkey is refused and not changed", async () => {
    const path = file();
    await (await openStore({ place: { engine: "sqlite", path }, ...silent })).close();
    const other = new DatabaseSync(path);
    other.exec("pragma user_version = 99");
    other.close();
    await expect(openStore({ place: { engine: "sqlite", path }, ...silent })).rejects.toThrow(
      NewerDatabaseError,
    );
    await expect(openStore({ place: { engine: "sqlite", path }, ...silent })).rejects.toThrow(
      `knows only up to ${sqliteMigrations.length}`,
    );
  });

  test("marks the sessions of many users in one write, and those of a busy user alone", async () => {
    const path = file();
    const store = await openStore({ place: { engine: "sqlite", path }, ...silent });
    const open = (id: string, owner: string) =>
      store.sessions.open(session(id, owner), 0, event("login.succeeded"));
    for (const name of ["a", "b", "busy", "c"]) await store.users.add(user(name), event("user.added"));
    for (const name of ["a", "b", "c"]) await open(`of-${name}`, `user:${name}`);
    await Promise.all(Array.from({ length: 1000 }, (_, at) => open(`busy-${at}`, "user:busy")));
    await store.close();

    const database = await openSqlite({ path, writer: "inline" });
    let running = 0;
    const together: number[] = [];
    const watched: Database = {
      ...database,
      async commit(steps, urgency) {
        together.push(++running);
        const committed = await database.commit(steps, urgency);
        running--;
        return committed;
      },
    };
    const endings = sessionEndings(watched);
    await watched.commit(endings.beginAll());
    together.length = 0;
    await endings.finish(now);
    expect(together).toEqual([1, 2, 1, 1]);
    const left = statement<NoValues, { left: number }>(
      "select count(*) as left from sessions where ended_at is null",
    );
    expect(await database.all(left, {})).toEqual([{ left: 0 }]);
    await database.close();
  });

  test("measures its volume while its folder exists, and not in memory", async () => {
    const path = file();
    const database = await openSqlite({ path, writer: "inline" });
    expect(database.freeSpace?.()).toBeGreaterThan(0);
    rmSync(dirname(path), { recursive: true });
    expect(database.freeSpace?.()).toBeUndefined();
    await database.close();
    const inMemory = await openSqlite({ path: ":memory:", writer: "inline" });
    expect(inMemory.freeSpace?.()).toBeUndefined();
    await inMemory.close();
  });

  test("is migrated once by several stores that open it at once", async () => {
    const path = file();
    const stores = await Promise.all(
      Array.from({ length: 5 }, () => openStore({ place: { engine: "sqlite", path }, ...silent })),
    );
    for (const store of stores) expect(await store.users.list()).toEqual([]);
    await Promise.all(stores.map((store) => store.close()));
  });

  test("is opened by threads that switch to the write-ahead log simultaneously", async () => {
    const paths = Array.from({ length: 60 }, () => join(folder, `${files++}.db`));
    const opening: Opening = { paths, threads: 4, arrived: new SharedArrayBuffer(4) };
    const module = new URL("./opening-thread.ts", import.meta.url);
    const failures = await Promise.all(
      Array.from({ length: opening.threads }, async () => {
        const [failed] = await once(new Worker(module, { workerData: opening }), "message");
        return failed;
      }),
    );
    expect(failures.flat()).toEqual([]);
  });

  test("locked by another process makes writes fail, and then recovers", async () => {
    const path = file();
    const store = await openStore({ place: { engine: "sqlite", path }, ...silent });
    const other = new DatabaseSync(path);
    other.exec("begin immediate");
    const event = { name: "login.failed", at: 1, address: "test" } as const;
    const first = store.audit.record(event);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = store.audit.record(event);
    late.catch(() => {});
    await expect(first).rejects.toMatchObject({ code: "store_unavailable", retryAfter: 1 });
    // The later change fails with the first one, instead of waiting for its own timeout.
    const waitsOn = new Promise((resolve) => setImmediate(resolve, "waits on"));
    const refused = late.catch((error: unknown) => error);
    expect(await Promise.race([refused, waitsOn])).toMatchObject({ code: "store_unavailable" });
    other.exec("rollback");
    await expect(store.audit.record(event)).resolves.toBeUndefined();
    other.close();
    await store.close();
  });
});
