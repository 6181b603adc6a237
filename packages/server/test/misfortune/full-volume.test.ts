import { existsSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { passwords, type TestServer, testServer } from "../api/test-server.ts";
import { login, logout, me, refresh, signIn } from "../process/auth-calls.ts";
import { Place } from "../process/server-process.ts";
import { until } from "../process/until.ts";
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

/** Audit events of ten days ago, written as another process would. */
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

/** Fills the volume, and lets people sign in until the database has used what it had left inside. */
async function fillUp(server: TestServer): Promise<void> {
  await server.server.chores.tidy();
  await until("the reserve is there", () => existsSync(`${database}.reserve`));
  volume.fill();
  await until("logins are refused", async () => (await signInAs(server)).status === 503, 120_000);
}

const works = async (server: TestServer) => (await signInAs(server)).status === 200;

describe("on a full volume", () => {
  test("sessions still end, and pruning the audit trail makes everything work again", async () => {
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
    await until("people sign in again", () => works(server), 10_000);
    expect((await refresh(server.url, second.refresh)).status).toBe(200);
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    expect((await me(server.url, first.access)).body).toMatchObject({ code: "token_revoked" });
  });

  test("a restart with a shorter retention makes everything work again", async () => {
    {
      await using server = await testServer({ DATABASE: database });
      oldEvents(50_000);
      await fillUp(server);
    }
    await using again = await testServer({ DATABASE: database, AUDIT_RETENTION: "1d" });
    await until("people sign in again", () => works(again), 20_000);
  });

  test("free space elsewhere makes everything work again, and the reserve is taken anew", async () => {
    await using server = await testServer({ DATABASE: database });
    await fillUp(server);
    expect(existsSync(`${database}.reserve`)).toBe(false);
    volume.drain();
    await until("people sign in again", () => works(server), 10_000);
    const { size, mode } = statSync(`${database}.reserve`);
    expect([size, mode & 0o777]).toEqual([16 * 1024 * 1024, 0o600]);
  });
});

test("an audit trail that would fill the volume stays within its bound, and its oldest events go", async () => {
  await using server = await testServer({ DATABASE: database, AUDIT_MAX_SIZE: "2MB" });
  const pages = () => statSync(database).size;
  for (let round = 0; round < 10; round++) {
    oldEvents(20_000);
    await server.server.chores.tidy();
  }
  expect(pages()).toBeLessThan(12_000_000);
  await signIn(server.url, "alice", passwords.alice);
  expect(server.newEvents().map(({ name }) => name)).toContain("login.succeeded");
  expect(server.logged().map(({ msg }) => msg)).toContain(
    "the audit trail reached LATCHKEY_AUDIT_MAX_SIZE: its oldest events were deleted",
  );
});
