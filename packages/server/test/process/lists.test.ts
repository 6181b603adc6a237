import { execFile } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { jwtPart, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, type Environment, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { replicaEnvironment } from "../postgres/replica.ts";
import { newDatabase } from "../postgres/server/suite-postgres.ts";
import { openClientSession } from "../store/open-client-session.ts";
import { objects } from "./json-lines.ts";
import { expectRefusal, expectUsageError } from "./refusal.ts";

const place = new Place({ commands: "here" });
const here = { LATCHKEY_DATABASE: place.database };
const main = join(import.meta.dirname, "../../bin/latchkey.js");
const password = "correct horse battery staple";
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

describe.for<[string, () => Promise<Environment>]>([
  ["SQLite", async () => ({})],
  ["PostgreSQL", async () => replicaEnvironment(await newDatabase())],
])("a list on %s", ([, database]) => {
  let env: Environment;
  let sessionIds: unknown[];
  const latchkey = (...args: string[]) => place.latchkey(args, { env, input: `${password}\n` });

  beforeAll(async () => {
    env = await database();
    const server = await place.server({ env });
    for (const name of ["alice", "Bob", "carol"]) {
      await latchkey(
        "user",
        "add",
        name,
        "--email",
        `${name}@example.com`,
        "--role",
        "user",
        "--role",
        "editor",
      );
    }
    const tokens = [
      await signIn(server.url, "admin", adminPassword),
      await signIn(server.url, "carol", password),
      await signIn(server.url, "admin", adminPassword),
    ];
    sessionIds = tokens.map(({ access }) => jwtPart(access, "claims")["sid"]);
    await server.stop();
  });

  test("of users is JSON Lines with --json, in the names of the wire", async () => {
    const { stdout, stderr } = await latchkey("user", "list", "--json");
    expect(stderr).toBe("");
    expect(objects(stdout)).toEqual([
      expect.objectContaining({ username: "admin", roles: ["admin"] }),
      {
        id: "user:alice",
        username: "alice",
        email: "alice@example.com",
        display_name: null,
        active_status: true,
        roles: ["user", "editor"],
        email_verified: false,
        must_change_password: false,
        created_at: time,
        password_changed_at: null,
        last_login_at: null,
        version: 0,
      },
      expect.objectContaining({ username: "Bob" }),
      expect.objectContaining({ username: "carol" }),
    ]);
  });

  test("of sessions is JSON Lines with --json, in the names of the wire", async () => {
    const [first, carols, third] = sessionIds;
    const { stdout } = await latchkey("session", "list", "--json");
    const listed = objects(stdout);
    expect(listed.map(({ id }) => id)).toEqual([first, third, carols]);
    expect(listed[2]).toEqual({
      id: carols,
      user_id: "user:carol",
      opened_at: time,
      last_used_at: time,
      expires_at: time,
      address: expect.any(String),
    });
    expect(objects((await latchkey("session", "list", "carol", "--json")).stdout)).toEqual([listed[2]]);
  });

  test("of sessions shows the client and the resource of a session that a program has", async () => {
    const client = {
      id: "https://app.example.com/client.json",
      name: "An app",
      scope: "notes:read",
      resource: "https://notes.example.com/mcp",
    };
    const place = readConfig({ ...here, ...env }).database;
    const id = await openClientSession(place, { userId: "user:alice", client, at: Date.now() });
    const { stdout } = await latchkey("session", "list", "alice", "--json");
    expect(objects(stdout)).toEqual([
      expect.objectContaining({
        id,
        client_id: client.id,
        client_name: "An app",
        scope: "notes:read",
        resource: "https://notes.example.com/mcp",
      }),
    ]);
    const table = (await latchkey("session", "list", "alice")).stdout;
    expect(table).toMatch(/ FROM +CLIENT +RESOURCE *\n/);
    expect(table).toMatch(/ 192\.0\.2\.7 +An app +https:\/\/notes\.example\.com\/mcp *\n/);
    expect(objects((await latchkey("client", "list", "--json")).stdout)).toEqual([
      { id: client.id, name: "An app", added: false, blocked_at: null, live_sessions: 1 },
    ]);
    expect((await latchkey("client", "block", client.id)).status).toBe(0);
    expect((await latchkey("session", "list", "alice", "--json")).stdout).toBe("");
  });

  test("of keys is JSON Lines with --json, without a private key", async () => {
    const keys = objects((await latchkey("key", "list", "--json")).stdout);
    const key = {
      kid: expect.any(String),
      alg: "ES256",
      created_at: time,
      retired_at: null,
      keep_until: null,
    };
    expect(keys.toSorted((a, b) => (String(a["state"]) < String(b["state"]) ? -1 : 1))).toEqual([
      { ...key, state: "next", activated_at: null },
      { ...key, state: "signs", activated_at: time },
    ]);
  });

  test("of users is read in pages, and each page says how to go on", async () => {
    const first = await latchkey("user", "list", "--limit", "2");
    expect(first.stdout).toMatch(/^USERNAME .*\nadmin .*\nalice .*\n$/);
    expect(first).toMatchObject({ status: 0, stderr: "latchkey: the list goes on with --after alice\n" });
    const second = await latchkey("user", "list", "--json", "--limit", "2", "--after", "ALICE");
    expect(objects(second.stdout).map(({ username }) => username)).toEqual(["Bob", "carol"]);
    expect(second.stderr).toBe("");
    const behindNobody = await latchkey("user", "list", "--json", "--after", "bobby");
    expect(objects(behindNobody.stdout).map(({ username }) => username)).toEqual(["carol"]);
  });

  test("of sessions is read in pages", async () => {
    const [first, carols, third] = sessionIds.map(String);
    const page = await latchkey("session", "list", "--json", "--limit", "1");
    expect(objects(page.stdout).map(({ id }) => id)).toEqual([first]);
    expect(page.stderr).toBe(`latchkey: the list goes on with --after ${first}\n`);
    const rest = await latchkey("session", "list", "--json", "--after", first ?? "");
    expect(objects(rest.stdout).map(({ id }) => id)).toEqual([third, carols]);
    const ofAdmin = await latchkey("session", "list", "admin", "--json", "--after", first ?? "");
    expect(objects(ofAdmin.stdout).map(({ id }) => id)).toEqual([third]);
    const refused = /the list cannot go on after .*: it has no such session/;
    expectRefusal(await latchkey("session", "list", "--after", "none"), refused);
    expectRefusal(await latchkey("session", "list", "admin", "--after", carols ?? ""), refused);
  });

  test.for(["0", "-1", "many", "1.5"])("refuses --limit=%s", async (limit) => {
    expectUsageError(
      await latchkey("user", "list", `--limit=${limit}`),
      /--limit=.*: expected a whole number/,
    );
  });
});

describe("a long list", () => {
  const long = { LATCHKEY_DATABASE: place.path("long.db") };
  const hostile = "\u001b]0;owned\u0007\u009b31m\u202egro\u2028\u3164🙂\u{e0041}";
  const count = 2500;

  beforeAll(async () => {
    await (await place.server({ env: long })).stop();
    const database = new DatabaseSync(long.LATCHKEY_DATABASE);
    const add = database.prepare(
      `insert into users (id, username, username_key, email, email_key, display_name, roles, password_hash, active,
        revision, created_at) values ('user:' || ?1, ?1, ?1, ?1, ?1, ?2, '[]', '', 1, 0, 0)`,
    );
    database.exec("begin");
    for (let number = 0; number < count; number++) add.run(`u${String(number).padStart(5, "0")}`, hostile);
    database.exec("commit");
    database.close();
  });

  test("is whole, with each user once, and one heading", async () => {
    const { stdout } = await place.latchkey(["user", "list"], { env: long });
    const names = stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" ", 1)[0]);
    expect(names.shift()).toBe("USERNAME");
    expect(new Set(names).size).toBe(count + 1);
    expect(names).toEqual(names.toSorted());
    const limited = await place.latchkey(["user", "list", "--json", "--limit", "1500"], { env: long });
    expect(objects(limited.stdout)).toHaveLength(1500);
    expect(limited.stderr).toBe("latchkey: the list goes on with --after u01498\n");
  });

  test("prints JSON in which the control characters of a name are escaped", async () => {
    const { stdout } = await place.latchkey(["user", "list", "--json", "--after", "u02498"], { env: long });
    expect(stdout.trim()).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
    expect(objects(stdout)).toMatchObject([{ username: "u02499", display_name: hostile }]);
  });

  test.for(["", "--json"])("ends quietly if its reader closes the pipe: user list %s", async (flag) => {
    const script = `set -o pipefail; "$0" "$1" user list ${flag} | head -n 1`;
    const { stdout, stderr } = await promisify(execFile)(
      "bash",
      ["--norc", "-c", script, process.execPath, main],
      {
        env: { PATH: process.env["PATH"], ...long },
      },
    );
    expect(stdout.split("\n")).toHaveLength(2);
    expect(stderr).toBe("");
  });

  test("is printed in blocks on a narrow terminal", async () => {
    const line = `stty cols 60; ${process.execPath} ${main} user list --limit 2 --after u02490`;
    const { stdout } = await promisify(execFile)("script", ["-qec", line, "/dev/null"], {
      env: { PATH: process.env["PATH"], ...long },
    });
    expect(stdout).toMatch(
      /^USERNAME {2}u02491\r\nEMAIL {5}u02491\r\nNAME {6}\S.*\r\nSTATUS {4}active\r\nROLES\r\n\r\nUSER/,
    );
  });
});
