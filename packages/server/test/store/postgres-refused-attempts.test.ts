import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { passwords, type TestServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";
import { send, signIn } from "../api/api-case.ts";
import { openOnPostgres } from "../api/postgres-world.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";

const rules = {
  THROTTLE_PAIR: "5/15m",
  THROTTLE_ACCOUNT: "12/1h",
  THROTTLE_ADDRESS: "20/15m",
  TRUSTED_PROXIES: "127.0.0.1",
};

async function login(server: TestServer, username: string, password: string, from: string) {
  const body = { username, password };
  const headers = { "x-forwarded-for": from };
  return (await send(server, "/auth", { method: "POST", path: "/login", body, headers })).status;
}

/** The versions of all rows. A write changes one of them, and so does a lock. */
const rowsOf = (database: string) =>
  queryAt(database, "select key, ctid::text, xmin::text, xmax::text from attempts order by key");

test("a 429 writes no row, at the replica that refused first and at another", async () => {
  const database = await newDatabase();
  await using one = await openOnPostgres({ ...rules, DATABASE: database });
  await using two = await openOnPostgres({ ...rules, DATABASE: database });
  for (let n = 0; n < 20; n++) expect(await login(one, `name${n}`, "wrong", "192.0.2.1")).toBe(401);
  expect(await login(one, "other", "wrong", "192.0.2.1")).toBe(429);
  expect(await login(two, "other", "wrong", "192.0.2.1")).toBe(429);
  const before = await rowsOf(database);
  for (let n = 0; n < 10; n++) {
    expect(await login(one, `new${n}`, "wrong", "192.0.2.1")).toBe(429);
    expect(await login(two, `new${n}`, "wrong", "192.0.2.1")).toBe(429);
  }
  expect(await rowsOf(database)).toEqual(before);
});

test("beyond an exhausted address limit, the limit of the pair still holds", async () => {
  await using server = await openOnPostgres(rules);
  expect(await login(server, "alice", passwords.alice, "192.0.2.1")).toBe(200);
  for (let n = 0; n < 20; n++) await login(server, `name${n}`, "wrong", "192.0.2.1");
  for (let n = 0; n < 5; n++) expect(await login(server, "alice", "wrong", "192.0.2.1")).toBe(429);
  expect(await login(server, "alice", passwords.alice, "192.0.2.1")).toBe(429);
  expect(await login(server, "alice", passwords.alice, "198.51.100.1")).toBe(200);
  await signIn(server, "bob");
});
