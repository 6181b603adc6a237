import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { beforeAll, describe, expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { expectRefusal } from "./refusal.ts";

const place = new Place({ commands: "here" });

beforeAll(async () => {
  await (await place.server()).stop();
});

/** A copy of the database and its secret. */
function copy(): string {
  const database = join(mkdtempSync(place.path("copy-")), "latchkey.db");
  for (const end of ["", ".secret"]) copyFileSync(place.database + end, database + end);
  return database;
}

const serve = (database: string) => place.latchkey(["serve", "--port", "0", "--database", database]);

describe("a start is refused with the command that repairs it, if other users can", () => {
  test.for<[string, string, number]>([
    ["read the database", "", 0o604],
    ["write the database", "", 0o602],
    ["read the write-ahead log", "-wal", 0o644],
    ["read the index of the log", "-shm", 0o666],
  ])("%s", async ([, end, mode]) => {
    const exposed = () => {
      const database = copy();
      if (!existsSync(database + end)) writeFileSync(database + end, "");
      chmodSync(database + end, mode);
      return { database, file: database + end };
    };
    const shown = mode.toString(8).padStart(4, "0");
    const line = (file: string) =>
      `other users can read or write ${file} (mode ${shown}): \`chmod o-rwx ${file}\``;
    const checked = exposed();
    const { stdout } = await place.latchkey(["database", "check", "--database", checked.database]);
    expect(stdout).toContain(`wrong: ${line(checked.file)}\n`);

    const { database, file } = exposed();
    const { status, stderr } = await serve(database);
    expect({ status, stderr }).toEqual({ status: 1, stderr: `latchkey: ${line(file)}\n` });
    execFileSync("/bin/sh", ["-c", /`(.*)`/.exec(stderr)?.[1] ?? "false"]);
    const server = await place.server({ database });
    await signIn(server.url, "admin", adminPassword);
    await server.stop();
  });

  test("read the secret beside it", async () => {
    const database = copy();
    chmodSync(`${database}.secret`, 0o666);
    expectRefusal(
      await serve(database),
      /\.secret: other users can read or write it \(mode 0666\): `chmod 600 \S+\.secret`/,
    );
  });
});

test("a database that a group may read and write starts", async () => {
  const database = copy();
  chmodSync(database, 0o660);
  const server = await place.server({ database });
  await signIn(server.url, "admin", adminPassword);
  expect(statSync(`${database}-wal`).mode & 0o777).toBe(0o660);
  await server.stop();
});

test("a short secret beside the database stops the start", async () => {
  const database = copy();
  writeFileSync(`${database}.secret`, "x");
  expectRefusal(await serve(database), /\.secret: it has fewer than 32 characters: restore its content/);
});

test("a new database has mode 0600, also without an umask", async () => {
  const path = join(mkdtempSync(place.path("new-")), "latchkey.db");
  const before = process.umask(0);
  try {
    const store = await openStore({ place: { engine: "sqlite", path }, owner: "command", onAudit: () => {} });
    for (const end of ["", "-wal", "-shm"]) expect(statSync(path + end).mode & 0o777).toBe(0o600);
    await store.close();
  } finally {
    process.umask(before);
  }
});
