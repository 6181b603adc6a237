import { existsSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { login, logout, me, refresh, signIn } from "@latchkey/testkit/server/auth-calls";
import { Place } from "@latchkey/testkit/server/server-process";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Reserve } from "../../src/store/sqlite/reserve.ts";
import { copySessions, count } from "../api/many-sessions-contract.ts";
import { SmallVolume } from "./small-volume.ts";

const place = new Place();
const day = 86_400_000;
let volumes = 0;
let volume: SmallVolume;
let database: string;

beforeEach(() => {
  volume = new SmallVolume(place.path(`volume-${volumes++}`), 64);
  database = volume.path("latchkey.db");
});
afterEach(() => volume[Symbol.dispose]());

/** Writes audit events of ten days ago, like another process. */
function oldEvents(count: number): void {
  const connection = new DatabaseSync(database, { timeout: 5_000 });
  const insert = connection.prepare(
    "insert into audit_events (at, name, subject, address, request_id) values (?, 'login.failed', ?, '203.0.113.9', ?)",
  );
  connection.exec("begin");
  for (let number = 0; number < count; number++) {
    insert.run(Date.now() - 10 * day, "unknown:0123456789abcdef", `00000000-0000-4000-8000-${number}`);
  }
  connection.exec("commit");
  connection.close();
}

const signInAs = (server: TestServer) => login(server.url, "bob", passwords.bob);

/** Fills the volume, then signs in until the free pages of the database are used up. */
async function fillUp(server: TestServer): Promise<void> {
  await server.server.backgroundJobs.purge();
  await until("the reserve exists", () => existsSync(`${database}.reserve`));
  volume.fill();
  await until("logins are refused", async () => (await signInAs(server)).status === 503, 120_000);
}

const works = async (server: TestServer) => (await signInAs(server)).status === 200;

describe("on a full volume", () => {
  test("sessions still end, and logins work again after pruning the trail", async () => {
    await using server = await testServer({ DATABASE: database });
    oldEvents(50_000);
    const [first, second] = [
      await signIn(server.url, "alice", passwords.alice),
      await signIn(server.url, "alice", passwords.alice),
    ];
    await fillUp(server);
    expect((await refresh(server.url, first.refresh)).body).toMatchObject({ code: "store_unavailable" });
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(503);
    expect((await me(server.url, first.access)).status).toBe(200);
    expect((await logout(server.url, first.access)).status).toBe(200);
    expect((await me(server.url, first.access)).body).toMatchObject({ code: "token_revoked" });
    const disabled = await place.latchkey(["user", "disable", "mallory"], {
      env: { LATCHKEY_DATABASE: database },
    });
    expect(disabled).toMatchObject({ status: 0, stderr: "" });
    expect(server.logged().map(({ reason }) => reason)).toContainEqual(
      expect.stringMatching(/the volume of the database is full: free space.*database prune/),
    );

    const pruned = await place.latchkey(["database", "prune", "--keep", "1d"], {
      env: { LATCHKEY_DATABASE: database },
    });
    expect(pruned).toMatchObject({ status: 0, stderr: "" });
    expect(pruned.stdout).toBe("50000 audit events older than 1d were deleted\n");
    await until("users can sign in again", () => works(server), 10_000);
    expect((await refresh(server.url, second.refresh)).status).toBe(200);
    // A failure is shared for a quarter of a second, and this server's clocks stand still.
    server.advance(250);
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    expect((await me(server.url, first.access)).body).toMatchObject({ code: "token_revoked" });
  });

  test("all sessions of a disabled user reach the list for guards", async () => {
    await using server = await testServer({ DATABASE: database });
    await signIn(server.url, "alice", passwords.alice);
    await copySessions(server, 5000);
    await fillUp(server);
    await server.server.people.setActive("alice", false);
    await until(
      "all sessions are on the list",
      async () => (await count(server, "revocations")) === 5001,
      10_000,
    );
    expect(await count(server, "session_endings")).toBe(0);
  });

  test("old audit events expire although a key cannot be rotated", async () => {
    await using server = await testServer({
      DATABASE: database,
      AUDIT_RETENTION: "30d",
      KEY_ROTATION: "30d",
    });
    oldEvents(50_000);
    await fillUp(server);
    // Now the key is due for rotation, and the events are past their retention.
    server.advance(31 * day);
    await server.server.backgroundJobs.purge().catch(() => {});
    await until("users can sign in again", () => works(server), 10_000);
  });

  test("logins work again after a restart with a shorter retention", async () => {
    {
      await using server = await testServer({ DATABASE: database });
      oldEvents(50_000);
      await fillUp(server);
    }
    await using again = await testServer({ DATABASE: database, AUDIT_RETENTION: "1d" });
    await until("users can sign in again", () => works(again), 20_000);
  });

  test("logins work again with free space, and the reserve is renewed", async () => {
    await using server = await testServer({ DATABASE: database });
    await fillUp(server);
    expect(existsSync(`${database}.reserve`)).toBe(false);
    volume.drain();
    await until("users can sign in again", () => works(server), 10_000);
    const { size, mode } = statSync(`${database}.reserve`);
    expect([size, mode & 0o777]).toEqual([16 * 1024 * 1024, 0o600]);
  });
});

test("an audit trail stays within its bound, and its oldest events go", async () => {
  await using server = await testServer({ DATABASE: database, AUDIT_MAX_SIZE: "2MB" });
  const pages = () => statSync(database).size;
  for (let round = 0; round < 10; round++) {
    oldEvents(20_000);
    await server.server.backgroundJobs.purge();
  }
  expect(pages()).toBeLessThan(12_000_000);
  await signIn(server.url, "alice", passwords.alice);
  expect(server.newEvents().map(({ name }) => name)).toContain("login.succeeded");
  expect(server.logged().map(({ msg }) => msg)).toContain(
    "the audit trail reached LATCHKEY_AUDIT_MAX_SIZE: its oldest events were deleted",
  );
});

test("a first start on a full volume names the cause, and succeeds with space", async () => {
  volume.fill(4096);
  const env = { LATCHKEY_DATABASE: database };
  expect(await place.latchkey(["serve", "--port", "0"], { env })).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(
      /^latchkey: the volume of the database .*latchkey\.db is full \(.*\): free space/,
    ),
  });
  volume.drain();
  await (await place.server({ database })).stop();
});

test("a volume that a reserve would fill gets no reserve", () => {
  volume.fill(16 * 1024 * 1024 + 4096);
  const reserve = new Reserve(database);
  expect(reserve.take()).toBe(false);
  volume.drain();
  expect(reserve.take()).toBe(true);
});

test("a reserve on a read-only volume causes no error", () => {
  const reserve = new Reserve(database);
  writeFileSync(reserve.path, "cut short");
  volume.remount("ro");
  expect(reserve.take()).toBe(false);
  volume.remount("rw");
  expect(reserve.take()).toBe(true);
});
