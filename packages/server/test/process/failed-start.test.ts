import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, test } from "vitest";
import { settings } from "../../src/config.ts";
import { expectRefusal } from "./refusal.ts";
import { type Environment, Place } from "./server-process.ts";

const place = new Place();

/** A database that a server has used and left. */
beforeAll(async () => {
  await (await place.server()).stop();
});

function serve(args: readonly string[], env: Environment = {}) {
  return place.latchkey(["serve", "--port", "0", ...args], { env });
}

describe.concurrent("the server does not start, and says in one line why and what to do, when", () => {
  test.for([
    ["the port is no number", ["--port", "http"], {}, /--port=http: give a whole number from 0 to 65535/],
    [
      "a number is negative",
      [],
      { LATCHKEY_HASH_QUEUE: "-1" },
      /LATCHKEY_HASH_QUEUE=-1: give a whole number/,
    ],
    ["a time has no unit", ["--access-token-ttl", "60"], {}, /--access-token-ttl=60: give a duration/],
    ["a rule is none", [], { LATCHKEY_THROTTLE_PAIR: "often" }, /LATCHKEY_THROTTLE_PAIR=often: .*20\/15m/],
    ["the issuer is no address", ["--issuer", "me"], {}, /--issuer=me: give an address such as/],
    [
      "a proxy is no network",
      [],
      { LATCHKEY_TRUSTED_PROXIES: "all" },
      /TRUSTED_PROXIES=all: .*10\.0\.0\.0\/8/,
    ],
    ["the level is unknown", ["--log-level", "loud"], {}, /--log-level=loud: give debug or info/],
    ["two settings contradict", ["--session-idle", "60d"], {}, /SESSION_IDLE must not be longer than/],
    ["the secret is short", [], { LATCHKEY_SECRET: "hunter2" }, /LATCHKEY_SECRET: .*32 random characters/],
    ["the secret is a flag", ["--secret", "x".repeat(40)], {}, /set LATCHKEY_SECRET in the environment/],
    ["a secret is a flag", ["--admin-password=hunter22"], {}, /set LATCHKEY_ADMIN_PASSWORD in the environ/],
    ["a flag is unknown", ["--colour", "red"], {}, /--colour.*`latchkey --help`/],
    ["a flag lacks its value", ["--host"], {}, /--host.*`latchkey --help`/],
    ["there is a word too many", ["now"], {}, /serve takes no now/],
    [
      "the address is another machine's",
      ["--host", "203.0.113.7"],
      {},
      /203\.0\.113\.7 does not belong to this/,
    ],
    [
      "the secret is not the database's",
      [],
      { LATCHKEY_SECRET: "s".repeat(40) },
      /not the secret that the database was made with: set LATCHKEY_SECRET/,
    ],
    ["the place is a directory", ["--database", "."], {}, /cannot (write|use) .*--database/],
    ["the place is in a file", ["--database", "latchkey.db/x.db"], {}, /cannot (write|use) .*--database/],
    ["it is below a file", ["--database", "latchkey.db/x/y.db"], {}, /cannot (write|use) .*--database/],
    ["the place takes no files", ["--database", "/proc/latchkey.db"], {}, /cannot (write|use) .*--database/],
    ["the database is an address", ["--database", "redis://x"], {}, /--database=redis:\/\/x: give a path/],
  ] as const)("%s", async ([, args, env, why]) => {
    const result = await serve(args, env);
    expectRefusal(result, why);
    expect(result.stderr).not.toMatch(/hunter2|x{40}|s{40}/);
  });

  test("the database would lie in /proc", async () => {
    expectRefusal(await serve(["--database", "/proc/latchkey/latchkey.db"]), /\/proc.*--database/);
  });

  test("Node is too old for it", async () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })";
    const env = { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(old)}"` };
    expectRefusal(await serve([], env), /this is Node 20\.20\.2, and 24 or newer is needed: `npm start`/);
  });

  test("the port is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const bound = other.address();
    const port = typeof bound === "object" && bound ? String(bound.port) : "";
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

  test("the file is no database", async () => {
    const other = place.path("other.txt");
    writeFileSync(other, "This is a shopping list, and a long one at that.\n".repeat(40));
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

  test("the secret's file is lost", async () => {
    mkdirSync(place.path("lost"));
    copyFileSync(place.database, place.path("lost/latchkey.db"));
    expectRefusal(
      await serve(["--database", "lost/latchkey.db"]),
      /latchkey\.db\.secret is gone.*bring the file back/,
    );
    expect(existsSync(place.path("lost/latchkey.db.secret"))).toBe(false);
  });
});

describe.concurrent("the command line", () => {
  test("refuses what it does not know", async () => {
    expectRefusal(await place.latchkey(["start"]), /unknown command start: `latchkey --help`/);
    expectRefusal(await place.latchkey(["constructor"]), /unknown command constructor/);
    expectRefusal(await place.latchkey(["key", "delete"]), /key list +or +latchkey key rotate/);
    const inMemory = await place.latchkey(["user", "list", "--database", ":memory:"]);
    expectRefusal(inMemory, /seen by no other process/);
  });

  test("says in one line why nothing could be written", async () => {
    const full = place.path("full.db");
    copyFileSync(place.database, full);
    const database = new DatabaseSync(full);
    database.exec(
      "create trigger full before insert on audit_events begin select raise(abort, 'disk full'); end",
    );
    database.close();
    const result = await place.latchkey(["user", "disable", "admin", "--database", full]);
    expectRefusal(result, /The database cannot be reached: try again shortly \(disk full\)/);
  });

  test.for([["--help"], ["help"], ["serve", "--help"], []])("%j tells every setting", async (args) => {
    const { status, stdout, stderr } = await place.latchkey(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const every: readonly { variable: string; meaning: string; secret?: boolean }[] = Object.values(settings);
    for (const { variable, meaning, secret } of every) {
      const flag = `--${variable.replace("LATCHKEY_", "").replaceAll("_", "-").toLowerCase()}`;
      const line = new RegExp(`^ +${variable}${secret ? "" : `, ${flag}`}$`, "m");
      expect(stdout).toMatch(line);
      expect(stdout).toContain(meaning);
    }
  });
});
