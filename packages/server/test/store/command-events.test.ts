import { expect, test } from "vitest";
import { operator } from "../../src/core/audit-events.ts";
import { storeUnavailable } from "../../src/core/errors.ts";
import type { Database } from "../../src/store/database.ts";
import { openSqlite } from "../../src/store/sqlite/engine.ts";
import { auditTable } from "../../src/store/tables/audit.ts";
import { commandEvents } from "../../src/store/tables/command-events.ts";

test("the events of a failed read are reported at the next call", async () => {
  const database = await openSqlite({ path: ":memory:", writer: "inline" });
  const reported: string[] = [];
  let reads = 0;
  const all: Database["all"] = (statement, values) =>
    ++reads === 3 ? Promise.reject(storeUnavailable("frozen")) : database.all(statement, values);
  const poll = commandEvents({ ...database, all }, ({ name }) => reported.push(name));
  await poll();
  const event = { name: "user.disabled", at: 1, address: operator.address, subject: "user:alice" } as const;
  await auditTable(database, () => {}).record(event);
  // The second read finds the newest number, and the third one the events.
  await expect(poll()).rejects.toMatchObject({ code: "store_unavailable" });
  expect(reported).toEqual([]);
  await poll();
  await poll();
  expect(reported).toEqual(["user.disabled"]);
  await database.close();
});
