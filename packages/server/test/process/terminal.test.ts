import { execFile } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { Place } from "@latchkey/testkit/server/server-process";
import { expect, test } from "vitest";

const place = new Place();
const password = "correct horse battery staple";
const hostile = "\u001b]0;owned\u0007\u009b31m\u202egro\u2066\u2028fake line\nsecond\u3164";
const shown = "\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{202e}gro\\u{2066}\\u{2028}fake line\\u{a}second\\u{3164}";
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u3164]/u;

test("stored names and roles cannot control the terminal of a command", async () => {
  await (await place.server()).stop();
  const add = ["user", "add", "eve", "--email", "eve@example.com"];
  expect((await place.latchkey(add, { input: `${password}\n` })).status).toBe(0);
  const database = new DatabaseSync(place.database);
  database
    .prepare("update users set username = ?, email = ?, display_name = ?, roles = ? where id = 'user:eve'")
    .run(hostile, hostile, hostile, JSON.stringify([hostile]));
  database
    .prepare(
      `insert into sessions (id, user_id, generation, refresh_hash, rotated_at, created_at, last_used_at,
        expires_at, ends_at, tokens_until, address_bucket) values ('s1', 'user:eve', 0, '', ?1, ?1, ?1, 8e15, 8e15, 0, ?2)`,
    )
    .run(Date.now(), hostile);
  database.close();

  const list = await place.latchkey(["user", "list"]);
  expect(list.stdout.split("\n").filter((line) => line.includes(shown))).toHaveLength(1);
  const sessions = await place.latchkey(["session", "list"]);
  expect(sessions.stdout).toContain(shown);
  const disabled = await place.latchkey(["user", "disable", "eve"]);
  expect(disabled.stdout).toBe(`disabled ${shown}; all their sessions have ended\n`);
  const unknown = await place.latchkey(["user", "disable", "\u202egro\u3164"]);
  expect(unknown.stderr).toBe("latchkey: there is no user \\u{202e}gro\\u{3164}\n");
  for (const { stdout, stderr } of [list, sessions, disabled, unknown]) {
    for (const line of `${stdout}${stderr}`.split("\n")) expect(line).not.toMatch(unseen);
  }
});

test("stored names cannot control the terminal that shows the log", async () => {
  const program = `
    const { openLog } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/log.ts"))});
    const { log, close } = await openLog({ logLevel: "info", replica: "blue" });
    const hostile = ${JSON.stringify(hostile)};
    log.info({ subject: hostile, err: new Error(hostile) }, hostile);
    await close();
    process.exitCode = process.stdout.isTTY ? 0 : 3;`;
  const command = `${process.execPath} --input-type=module --eval '${program}'`;
  // `script` runs a command with a terminal.
  const { stdout } = await promisify(execFile)("script", ["-qec", command, "/dev/null"]);
  const colours = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
  const lines = stdout.replaceAll(colours, "").split(/\r?\n/);
  expect(lines[0]).toContain(shown);
  for (const line of lines) expect(line).not.toMatch(unseen);
  expect(lines.filter((line) => line.startsWith("fake line"))).toEqual([]);
});
