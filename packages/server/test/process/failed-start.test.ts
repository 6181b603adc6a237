import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { type Environment, Place } from "@latchkey/testkit/server/server-process";
import { listenLocally } from "@latchkey/testkit/sockets";
import { beforeAll, describe, expect, test } from "vitest";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place();

/** The database of a server that has stopped. */
beforeAll(async () => {
  await (await place.server()).stop();
});

function serve(args: readonly string[], env: Environment = {}) {
  return place.latchkey(["serve", "--port", "0", ...args], { env });
}

/** Whether a start opens files or sockets. Other starts are refused before that, so they run in this process. */
function opensSomething(args: readonly string[], env: Environment): boolean {
  const path = args[0] === "--database" && args[1]?.includes("://") === false;
  return path || args.includes("203.0.113.7") || env["LATCHKEY_SECRET"]?.length === 40;
}

describe.concurrent("the server does not start, and prints cause and cure in one line, if", () => {
  test.for([
    [
      "the port is not a number",
      ["--port", "http"],
      {},
      /--port=http: expected a whole number from 0 to 65535/,
    ],
    [
      "a number is negative",
      [],
      { LATCHKEY_HASH_QUEUE: "-1" },
      /LATCHKEY_HASH_QUEUE=-1: expected a whole number/,
    ],
    ["a time has no unit", ["--access-token-ttl", "60"], {}, /--access-token-ttl=60: expected a duration/],
    [
      "a rule is malformed",
      [],
      { LATCHKEY_THROTTLE_PAIR: "often" },
      /LATCHKEY_THROTTLE_PAIR=often: .*20\/15m/,
    ],
    ["the issuer is not a URL", ["--issuer", "me"], {}, /--issuer=me: expected a URL such as/],
    [
      "a proxy is not a network",
      [],
      { LATCHKEY_TRUSTED_PROXIES: "all" },
      /TRUSTED_PROXIES=all: .*10\.0\.0\.0\/8/,
    ],
    ["the level is unknown", ["--log-level", "loud"], {}, /--log-level=loud: expected debug, info/],
    ["two settings contradict", ["--session-idle", "60d"], {}, /SESSION_IDLE must not be longer than/],
    ["the secret is short", [], { LATCHKEY_SECRET: "hunter2" }, /LATCHKEY_SECRET: .*32 random characters/],
    [
      "the address belongs to another machine",
      ["--host", "203.0.113.7"],
      {},
      /203\.0\.113\.7 is not an address of this machine/,
    ],
    [
      "the secret is not the database's",
      [],
      { LATCHKEY_SECRET: "s".repeat(40) },
      /not the secret that the database was made with: set LATCHKEY_SECRET.* or add that one on a line of its own;/,
    ],
    ["the path is a directory", ["--database", "."], {}, /cannot (write|use) .*--database/],
    ["the path is in a file", ["--database", "latchkey.db/x.db"], {}, /cannot (write|use) .*--database/],
    ["the path is below a file", ["--database", "latchkey.db/x/y.db"], {}, /cannot (write|use) .*--database/],
    [
      "the folder accepts no files",
      ["--database", "/proc/latchkey.db"],
      {},
      /cannot (write|use) .*--database/,
    ],
    [
      "the database is an address",
      ["--database", "redis://x"],
      {},
      /--database=redis:\/\/x: expected the path/,
    ],
  ] as const)("%s", async ([, args, env, why]) => {
    const result = opensSomething(args, env)
      ? await serve(args, env)
      : await place.here(["serve", "--port", "0", ...args], { env });
    expectRefusal(result, why);
    expect(result.stderr).not.toMatch(/hunter2|x{40}|s{40}/);
  });

  test("the path is in /proc", async () => {
    expectRefusal(await serve(["--database", "/proc/latchkey/latchkey.db"]), /\/proc.*--database/);
  });

  test("Node is too old", async () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })";
    const env = { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(old)}"` };
    expectRefusal(
      await serve([], env),
      /this is Node 20\.20\.2, but Latchkey needs Node 24\.8 or newer: install it, or run `npx -p node@24/,
    );
  });

  test("the port is in use", async () => {
    const other = createServer();
    const port = String(await listenLocally(other));
    const result = await place.latchkey(["serve", "--port", port, "--database", place.path("port.db")]);
    other.close();
    expect(result.status).toBe(1);
    expect(result.stderr).toBe(
      `latchkey: port ${port} on 127.0.0.1 is in use: stop the other program, or choose another port with --port\n`,
    );
  });

  test("a newer Latchkey wrote the database", async () => {
    const newer = place.path("newer.db");
    copyFileSync(place.database, newer);
    const database = new DatabaseSync(newer);
    database.exec("pragma user_version = 999");
    database.close();
    expectRefusal(await serve(["--database", newer]), /at version 999.*run the newer Latchkey/);
  });

  test("the file is not a database", async () => {
    const other = place.path("other.txt");
    writeFileSync(other, "This is a shopping list, and a long one at that.\n".repeat(40), { mode: 0o600 });
    expectRefusal(await serve(["--database", other]), /cannot use the database \S+other\.txt .*--database/);
  });

  test("another program holds the database", async () => {
    const held = place.path("held.db");
    copyFileSync(place.database, held);
    const holder = new DatabaseSync(held);
    holder.exec("pragma locking_mode = exclusive");
    holder.exec("begin immediate");
    expectRefusal(await serve(["--database", held]), /another program holds the database \S+held\.db/);
    holder.close();
  });

  test("the file with the secret is lost", async () => {
    mkdirSync(place.path("lost"));
    copyFileSync(place.database, place.path("lost/latchkey.db"));
    expectRefusal(
      await serve(["--database", "lost/latchkey.db"]),
      /latchkey\.db\.secret is missing.*restore the file/,
    );
    expect(existsSync(place.path("lost/latchkey.db.secret"))).toBe(false);
  });
});

describe.concurrent("the server does not start, with exit status 2, if", () => {
  test.for([
    ["the secret is a flag", ["--secret", "x".repeat(40)], /set LATCHKEY_SECRET in the environment/],
    ["a secret is a flag", ["--admin-password=hunter22"], /set LATCHKEY_ADMIN_PASSWORD in the environ/],
    ["a flag is unknown", ["--colour", "red"], /--colour.*`latchkey help serve`/],
    ["a flag lacks its value", ["--host"], /--host.*`latchkey help serve`/],
    ["there is an extra argument", ["now"], /serve takes no argument/],
  ] as const)("%s", async ([, args, why]) => {
    const result = await place.here(["serve", "--port", "0", ...args]);
    expectUsageError(result, why);
    expect(result.stderr).not.toMatch(/hunter2|x{40}/);
  });
});

describe.concurrent("the command line", () => {
  test("refuses unknown commands and options", async () => {
    expectUsageError(await place.latchkey(["start"]), /unknown command start: `latchkey help`/);
    expectUsageError(await place.latchkey(["constructor"]), /unknown command constructor/);
    expectUsageError(await place.latchkey(["key", "delete"]), /usage: latchkey key list\|rotate\|reset/);
    const inMemory = await place.latchkey(["user", "list", "--database", ":memory:"]);
    expectRefusal(inMemory, /private to one process/);
  });

  test("reports a failed write in one line", async () => {
    const full = place.path("full.db");
    copyFileSync(place.database, full);
    const database = new DatabaseSync(full);
    database.exec(
      "create trigger full before insert on audit_events begin select raise(abort, 'disk full'); end",
    );
    database.close();
    const result = await place.latchkey(["user", "disable", "admin", "--yes", "--database", full]);
    expectRefusal(result, /The database cannot be reached: try again shortly \(disk full\)/);
  });
});
