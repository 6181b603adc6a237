import { copyFileSync, readFileSync, truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase, suitePostgres } from "../postgres/server/suite-postgres.ts";
import { expectRefusal } from "./refusal.ts";

const place = new Place({ commands: "here" });
const check = (env = {}) => place.latchkey(["database", "check"], { env });

const bcrypt = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
const insertUser = (name: string, hash: string) =>
  `insert into users (id, username, username_key, email, email_key, roles, password_hash, active, revision, created_at)
   values ('${name}', '${name}', '${name}', '${name}', '${name}', '[]', '${hash}', 1, 0, 0)`;

beforeAll(async () => {
  await (await place.server()).stop();
});

describe("latchkey database check, on a SQLite file", () => {
  test("describes the database, and reports that nothing is wrong", async () => {
    const { status, stdout } = await check();
    expect(status).toBe(0);
    expect(stdout).toMatch(/^engine +SQLite 3\.\d+/m);
    expect(stdout).toMatch(/^version +(\d+) of \1$/m);
    expect(stdout).toMatch(/^users +1$/m);
    expect(stdout).toMatch(/^signing_keys +2$/m);
    expect(stdout.endsWith("\nnothing is wrong\n")).toBe(true);
  });

  test("counts the write-ahead log of a running server", async () => {
    const server = await place.server();
    await signIn(server.url, "admin", adminPassword);
    const { stdout } = await check().finally(() => server.stop());
    const [, file, log] = /^size +(\d+) bytes and (\d+) in the write-ahead log$/m.exec(stdout) ?? [];
    expect(Number(file)).toBeGreaterThan(0);
    expect(Number(log)).toBeGreaterThan(0);
  });

  test.for<[string, (path: string) => void, RegExp]>([
    [
      "a newer Latchkey wrote it",
      (path) => run(path, "pragma user_version = 99"),
      /^wrong: a newer Latchkey wrote it \(version 99, .*restore a backup$/m,
    ],
    [
      "its version is behind",
      (path) => run(path, "pragma user_version = 1"),
      /^wrong: it is at version 1 of \d+: the next start/m,
    ],
    [
      "stored hashes cannot be checked, beside others that can, and one of a user without a password",
      (path) => {
        run(path, insertUser("eve", "!"));
        run(path, insertUser("ira", bcrypt));
        run(path, insertUser("bea", "$2b$31$garbage"));
        run(path, insertUser("ada", "5f4dcc3b5aa765d61d8327deb882cf99"));
      },
      /^wrong: 2 users cannot sign in, because their stored hash cannot be checked \((ada, bea|bea, ada)\): set their passwords with `latchkey user passwd`$/m,
    ],
    [
      "rows refer to a missing row",
      (path) =>
        run(
          path,
          `pragma foreign_keys = off; insert into sessions (id, user_id, generation, refresh_hash, rotated_at,
            created_at, last_used_at, expires_at, ends_at, tokens_until, address_bucket)
            values ('s', 'nobody', 0, '', 0, 0, 0, 0, 0, 0, '')`,
        ),
      /^wrong: 1 rows refer to a row that does not exist/m,
    ],
  ])("prints fault and remedy if %s, and does not change the file", async ([name, spoil, said]) => {
    const path = place.path(`${name}.db`);
    copyFileSync(place.database, path);
    spoil(path);
    const before = readFileSync(path);
    const { status, stdout } = await check({ LATCHKEY_DATABASE: path });
    expect(status).toBe(1);
    expect(stdout).toMatch(said);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("reports a file that is cut short", async () => {
    const path = place.path("short.db");
    copyFileSync(place.database, path);
    truncateSync(path, 8192);
    const { status, stdout, stderr } = await check({ LATCHKEY_DATABASE: path });
    expect(status).toBe(1);
    expect(stdout + stderr).toMatch(/damaged|malformed|cannot use the database/);
  });
});

describe("latchkey database check, on PostgreSQL", () => {
  const of = (address: string) => check(replicaEnvironment(address));

  test("describes the database, and reports an engine without fsync", async () => {
    const address = await newDatabase();
    await (await place.server({ env: replicaEnvironment(address) })).stop();
    const { status, stdout } = await of(address);
    expect(stdout).toMatch(/^engine +PostgreSQL \d+/m);
    expect(stdout).toMatch(/^host 127\.0\.0\.1:\d+ +primary$/m);
    expect(stdout).toMatch(/^version +(\d+) of \1$/m);
    expect(stdout).toMatch(/^users +1$/m);
    const [{ fsync } = {}] = await queryAt(await suitePostgres(), "select current_setting('fsync') as fsync");
    if (fsync === "off") expect(stdout).toMatch(/^wrong: fsync is off/m);
    expect(status).toBe(fsync === "off" ? 1 : 0);
    expect(stdout).not.toContain("only for tests");
  });

  test.for([
    [
      "an encoding that cannot hold every name",
      async (address: string) => {
        const name = new URL(address).pathname.slice(1);
        await queryAt(await suitePostgres(), `drop database ${name}`);
        await queryAt(
          await suitePostgres(),
          `create database ${name} encoding 'LATIN1' template template0 locale 'C'`,
        );
      },
      /its encoding is LATIN1: create the database again with UTF8/,
    ],
    [
      "a trigger that is missing",
      async (address: string) => {
        await (await place.server({ env: replicaEnvironment(address) })).stop();
        await queryAt(address, "drop trigger in_order on revocations");
      },
      /the trigger in_order of revocations is missing or disabled/,
    ],
  ] as const)("reports %s, and so does the start", async ([, spoil, said]) => {
    const address = await newDatabase();
    await spoil(address);
    expect((await of(address)).stdout).toMatch(said);
    const serve = await place.latchkey(["serve", "--port", "0"], { env: replicaEnvironment(address) });
    expectRefusal(serve, said);
  });

  test("names the first users with an unusable hash, and counts all of them", async () => {
    const address = await newDatabase();
    await (await place.server({ env: replicaEnvironment(address) })).stop();
    await queryAt(address, insertUser("ira", bcrypt));
    for (let n = 0; n < 7; n++) await queryAt(address, insertUser(`user${n}`, "md5"));
    const { status, stdout } = await of(address);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^wrong: 7 users cannot sign in, .*\(user0, user1, user2, user3, user4 and others\)/m,
    );
  });

  test("shares its warnings about the engine with the start", async () => {
    const address = await newDatabase();
    const server = await place.server({ env: replicaEnvironment(`${address}?connection_limit=5`) });
    await server.stop();
    expect(server.stdout()).toMatch(/"level":40,.*connection_limit in LATCHKEY_DATABASE has no effect/);
    const [{ fsync } = {}] = await queryAt(await suitePostgres(), "select current_setting('fsync') as fsync");
    if (fsync === "off") expect(server.stdout()).toMatch(/"level":40,.*fsync is off/);
  });

  test("a configured schema has the tables, and a missing schema is named", async () => {
    const address = await newDatabase();
    const env = replicaEnvironment(`${address}?schema=Sign%20in`);
    expectRefusal(
      await place.latchkey(["serve", "--port", "0"], { env }),
      /the schema does not exist: create it with `create schema`/,
    );
    await queryAt(address, 'create schema "Sign in"');
    await (await place.server({ env })).stop();
    expect(await queryAt(address, 'select count(*)::int from "Sign in".users')).toEqual([{ count: 1 }]);
    expect(await queryAt(address, "select from pg_tables where schemaname = 'public'")).toEqual([]);
  });

  test("prints every fault with its remedy", async () => {
    const address = await newDatabase();
    expect((await of(address)).stdout).toMatch(/^wrong: it has no tables yet: start the server once$/m);
    await (await place.server({ env: replicaEnvironment(address) })).stop();
    await queryAt(address, "alter table revocations disable trigger in_order");
    await queryAt(address, "update latchkey_schema set version = 99");
    const away = address.replace(/127\.0\.0\.1:(\d+)/, "127.0.0.1:$1,127.0.0.1:1");
    const { status, stdout } = await of(away);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^wrong: a newer Latchkey wrote it/m);
    expect(stdout).toMatch(/^wrong: the trigger in_order of revocations is missing or disabled/m);
    expect(stdout).toMatch(/^wrong: host 127\.0\.0\.1:1 does not answer \(connect ECONNREFUSED/m);
  });
});

function run(path: string, statements: string): void {
  const database = new DatabaseSync(path);
  database.exec(statements);
  database.close();
}
