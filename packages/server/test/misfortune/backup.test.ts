import { existsSync, readdirSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { me, refresh, signIn, tokensOf } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { passwords, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { beforeAll, describe, expect, test } from "vitest";
import { SmallVolume } from "./small-volume.ts";

const place = new Place();
const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Audit events as another process would write them, some 1,100 bytes each. */
function writeEvents(database: string, count: number): void {
  const connection = new DatabaseSync(database);
  const insert = connection.prepare(
    "insert into audit_events (at, name, address, reason) values (?, 'login.failed', '203.0.113.9', ?)",
  );
  const text = "x".repeat(1000);
  for (let written = 0; written < count; written += 5000) {
    connection.exec("begin immediate");
    for (let number = 0; number < 5000; number++) insert.run(Date.now(), text);
    connection.exec("commit");
  }
  connection.close();
}

test("a backup under 20 refreshes a second finishes, private and complete", async () => {
  await using server = await testServer();
  writeEvents(server.database, 130_000);
  expect(sizeOf(server.database)).toBeGreaterThan(133_000_000);
  let tokens = await signIn(server.url, "alice", passwords.alice);
  let refreshes = 0;
  let copied = false;
  const target = place.path("copy.db");
  const backup = place
    .latchkey(["database", "backup", target], { env: { LATCHKEY_DATABASE: server.database } })
    .finally(() => {
      copied = true;
    });
  while (!copied) {
    tokens = tokensOf(await refresh(server.url, tokens.refresh));
    refreshes++;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const said = await backup;
  expect(said).toMatchObject({ status: 0, stderr: "" });
  expect(said.stdout).toContain(`${target}: ${sizeOf(target)} bytes, mode 0600`);
  expect(said.stdout).toContain(`${server.database}.secret`);
  expect(refreshes).toBeGreaterThan(3);
  expect(statSync(target).mode & 0o777).toBe(0o600);
  expect(readdirSync(place.directory).filter((name) => name.startsWith("copy.db"))).toEqual(["copy.db"]);

  const check = await place.latchkey(["database", "check"], { env: { LATCHKEY_DATABASE: target } });
  expect(check).toMatchObject({ status: 0, stderr: "" });
  expect(check.stdout).toMatch(/^audit_events +13\d{4}$/m);
  expect((await me(server.url, tokens.access)).status).toBe(200);
});

describe("a backup that does not finish", () => {
  const partial = () => readdirSync(place.directory).filter((name) => name.includes("partial"));
  let database: string;

  beforeAll(async () => {
    await using server = await testServer();
    writeEvents(server.database, 130_000);
    database = place.path("large.db");
    await place.latchkey(["database", "backup", database], { env: { LATCHKEY_DATABASE: server.database } });
  });

  test.for([
    ["SIGTERM", "nothing"],
    ["SIGINT", "nothing"],
    ["SIGKILL", "a draft"],
  ] as const)("by %s leaves %s, and the next one cleans up", async ([signal, leaves]) => {
    const target = place.path(`${signal}.db`);
    const args = ["database", "backup", target];
    const options = { env: { LATCHKEY_DATABASE: database } };
    const backup = place.start(args, options);
    const draft = () => partial().find((name) => name.startsWith(`${signal}.db.`));
    await until("the draft grows", () => sizeOf(place.path(draft() ?? "none")) > 1_000_000, 20_000);
    backup.kill(signal);
    expect(await backup.exited).toMatchObject({ signal });
    expect(existsSync(target)).toBe(false);
    const left = partial();
    expect(left.length > 0).toBe(leaves === "a draft");
    for (const name of left) {
      expect(name).toMatch(/^SIGKILL\.db\.\d+\.partial(-journal)?$/);
      expect(statSync(place.path(name)).mode & 0o777).toBe(0o600);
    }

    expect(await place.latchkey(args, options)).toMatchObject({ status: 0, stderr: "" });
    expect(partial()).toEqual([]);
    expect(sizeOf(target)).toBe(sizeOf(database));
  });

  test("on a full volume names the cause and leaves nothing", async () => {
    using volume = new SmallVolume(place.path("small"), 8);
    const args = ["database", "backup", volume.path("copy.db")];
    const failed = await place.latchkey(args, { env: { LATCHKEY_DATABASE: database } });
    expect(failed).toMatchObject({ status: 1, stdout: "" });
    expect(failed.stderr).toMatch(
      /^latchkey: cannot back up to .*copy\.db \(database or disk is full\): check its folder, rights and space\n$/,
    );
    expect(readdirSync(volume.folder)).toEqual([]);
  });
});

test("a large write-ahead log is logged once, and shrinks without its reader", async () => {
  await using server = await testServer();
  const reader = new DatabaseSync(server.database);
  reader.exec("begin");
  reader.prepare("select count(*) from users").get();
  writeEvents(server.database, 70_000);
  const log = `${server.database}-wal`;
  expect(sizeOf(log)).toBeGreaterThan(64 * 1024 * 1024);
  await server.server.backgroundJobs.purge();
  await server.server.backgroundJobs.purge();
  const told = () => server.logged().filter(({ msg }) => String(msg).startsWith("the write-ahead log"));
  expect(told()).toMatchObject([{ level: 40, bytes: sizeOf(log) }]);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toMatch(/^latchkey_database_wal_bytes \d{8}$/m);
  await signIn(server.url, "alice", passwords.alice);

  reader.close();
  await server.server.backgroundJobs.purge();
  await until("the write-ahead log is short", () => sizeOf(log) < 8 * 1024 * 1024, 20_000);
  await server.server.backgroundJobs.purge();
  expect(told()).toMatchObject([{ level: 40 }, { level: 30 }]);
});
