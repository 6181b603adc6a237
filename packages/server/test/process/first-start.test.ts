import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { login, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { expectRefusal } from "./refusal.ts";

const place = new Place();

/** Settings without a password for the administrator. */
const unsaid = { LATCHKEY_ADMIN_PASSWORD: "" };

test("the first start creates an administrator and prints the password once", async () => {
  const database = place.path("shown.db");
  const first = await place.server({ database, env: unsaid });
  const shown = () => /^ *password +(\S+)$/m.exec(first.stderr())?.[1];
  await until("the password is printed", () => shown() !== undefined);
  const password = shown() ?? "";
  expect(password).toMatch(/^[\w-]{20}$/);
  expect(first.stderr()).toMatch(/username +admin/);
  await signIn(first.url, "admin", password);
  expect(await first.stop()).toEqual({ status: 0, signal: null });
  expect(first.stdout()).not.toContain(password);
  expect(first.stdout().match(/"event":"user.added".*/g)).toEqual([
    expect.stringContaining('"address":"server"'),
  ]);

  const second = await place.server({ database, env: unsaid });
  await signIn(second.url, "admin", password);
  await second.stop();
  expect(second.stderr()).toBe("");
  expect(second.stdout()).not.toContain(password);
});

test("a configured administrator password is never shown, and used only once", async () => {
  const database = place.path("given.db");
  const first = await place.server({ database });
  await signIn(first.url, "admin", adminPassword);
  await first.stop();
  const second = await place.server({ database, env: { LATCHKEY_ADMIN_PASSWORD: "another passphrase" } });
  await signIn(second.url, "admin", adminPassword);
  expect((await login(second.url, "admin", "another passphrase")).status).toBe(401);
  await second.stop();
  for (const server of [first, second]) {
    expect(server.stderr()).toBe("");
    expect(server.stdout()).not.toContain(adminPassword);
    expect(server.stdout()).not.toContain("another passphrase");
  }
});

test("a configured administrator password that breaks the rules is not printed", async () => {
  const result = await place.latchkey(["serve", "--port", "0", "--database", place.path("weak.db")], {
    env: { LATCHKEY_ADMIN_PASSWORD: "iloveyou" },
  });
  expectRefusal(result, /too common/);
  expect(result.stderr).not.toContain("iloveyou");
});

test("an unknown setting is logged without its value", async () => {
  const server = await place.server({
    database: place.path("misspelt.db"),
    env: { LATCHKEY_SECRT: "canary", LATCHKEY_TOKEN: "the client's own" },
  });
  await server.stop();
  expect(server.stdout()).toContain("unknown setting LATCHKEY_SECRT: `latchkey help settings` lists them");
  expect(server.stdout()).not.toContain("canary");
  expect(server.stdout().match(/unknown setting/g)).toHaveLength(1);
});

test("only the user of the server can read its files", async () => {
  const directory = place.path("private");
  const server = await place.server({ database: join(directory, "nested/latchkey.db") });
  await signIn(server.url, "admin", adminPassword);
  const nested = join(directory, "nested");
  const modes = readdirSync(nested).map((name) => [name, statSync(join(nested, name)).mode & 0o777]);
  expect(Object.fromEntries(modes)).toEqual({
    "latchkey.db": 0o600,
    "latchkey.db-shm": 0o600,
    "latchkey.db-wal": 0o600,
    "latchkey.db.secret": 0o600,
  });
  for (const made of [directory, nested]) expect(statSync(made).mode & 0o777).toBe(0o700);
  await server.stop();
});

test("without settings the database is data/latchkey.db in the current folder", async () => {
  const server = await place.server({ env: { LATCHKEY_DATABASE: "" } });
  await signIn(server.url, "admin", adminPassword);
  await server.stop();
  expect(readdirSync(place.path("data")).sort()).toEqual(["latchkey.db", "latchkey.db.secret"]);
});

test("after a stop the database is a single file", async () => {
  const database = place.path("moved.db");
  const server = await place.server({ database });
  await signIn(server.url, "admin", adminPassword);
  await server.stop();
  expect(
    readdirSync(place.directory)
      .filter((name) => name.startsWith("moved.db"))
      .sort(),
  ).toEqual(["moved.db", "moved.db.secret"]);
});
