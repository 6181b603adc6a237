import { join } from "node:path";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { logout, me, refresh, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replica, replicaEnvironment } from "./replica.ts";

const place = new Place();
let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await PostgresServer.make({ binaries: debianBinaries() });
});
afterAll(() => postgres[Symbol.asyncDispose]());

test("a backup made as docs/operations.md says restores the sessions", async () => {
  const database = await postgres.database();
  const server = await replica(place, database);
  const kept = await signIn(server.url, "admin", adminPassword);
  const ended = await signIn(server.url, "admin", adminPassword);
  expect((await logout(server.url, ended.access)).status).toBe(200);

  const connection = ["-h", "127.0.0.1", "-p", String(postgres.port), "-U", "latchkey"];
  const password = { PGPASSWORD: postgres.password };
  const name = (address: string) => new URL(address).pathname.slice(1);
  const dump = join(postgres.folder, "copy.dump");
  postgres.run("pg_dump", [...connection, "--format=custom", "--file", dump, name(database)], password);
  await server.stop();
  const restored = await postgres.database();
  postgres.run("pg_restore", [...connection, "--dbname", name(restored), dump], password);

  const check = await place.latchkey(["database", "check"], { env: replicaEnvironment(restored) });
  expect(check).toMatchObject({ status: 0, stderr: "" });
  expect(check.stdout).toMatch(/^sessions +2$/m);
  const again = await replica(place, restored);
  expect((await me(again.url, kept.access)).status).toBe(200);
  expect((await refresh(again.url, kept.refresh)).status).toBe(200);
  expect((await me(again.url, ended.access)).body["code"]).toBe("token_revoked");
  await signIn(again.url, "admin", adminPassword);
  await again.stop();
});
