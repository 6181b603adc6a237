import { DatabaseSync } from "node:sqlite";
import { createGuard } from "@latchkey/guard";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { bearer, claimsOf, send, signIn, type Tokens } from "./api-case.ts";
import { readExposition } from "./exposition-reader.ts";
import { openOnPostgres } from "./postgres-world.ts";

const hour = 3_600_000;
const day = 24 * hour;

clockSteps("SQLite", testServer);
clockSteps("PostgreSQL", openOnPostgres);

function clockSteps(engine: string, open: typeof testServer): void {
  describe(`a wall clock that steps: ${engine}`, () => {
    test.for([2 * hour, 100 * day])("a logout survives one clean-up %d ms ahead", async (step) => {
      await using server = await open();
      const tokens = await signIn(server);
      await logout(server, tokens);
      server.stepWallClock(step);
      await server.server.backgroundJobs.purge();
      server.stepWallClock(-step);
      await server.server.backgroundJobs.purge();
      expect(await me(server, tokens)).toEqual({ status: 401, code: "token_revoked" });
      await using guard = createGuard({ issuer: server.url, now: server.now });
      await expect(guard.verify(tokens.access)).rejects.toMatchObject({ code: "token_revoked" });
      await using restarted = await open({ DATABASE: server.database });
      const { body } = await send(restarted, "", { method: "GET", path: "/revocations" });
      expect(body["revocations"]).toMatchObject([{ sessionId: claimsOf(tokens.access)["sid"] }]);
    });

    test("sessions, keys and the trail survive a clean-up 100 days ahead", async () => {
      await using server = await open();
      const tokens = await signIn(server);
      const { keys } = await keySet(server);
      server.stepWallClock(100 * day);
      await server.server.backgroundJobs.purge();
      server.stepWallClock(-100 * day);
      expect((await keySet(server)).keys).toEqual(keys);
      const body = { refresh_token: tokens.refresh };
      expect((await send(server, "/auth", { method: "POST", path: "/refresh", body })).status).toBe(200);
      expect(await trailOf(server)).toContain("login.succeeded");
    });

    test("sessions and the trail survive 23 hours with a clock 100 days ahead", async () => {
      await using server = await open();
      const tokens = await signIn(server);
      await server.server.backgroundJobs.purge();
      await using wrong = await open({ DATABASE: server.database }, undefined, 100 * day);
      await wrong.server.backgroundJobs.purge();
      wrong.advance(23 * hour);
      await wrong.server.backgroundJobs.purge();
      const body = { refresh_token: tokens.refresh };
      expect((await send(server, "/auth", { method: "POST", path: "/refresh", body })).status).toBe(200);
      expect(await trailOf(server)).toContain("login.succeeded");
    });

    test("a logout survives a step back and forth again", async () => {
      await using server = await open();
      const tokens = await signIn(server);
      server.stepWallClock(-2 * hour);
      await logout(server, tokens);
      await server.server.backgroundJobs.purge();
      server.stepWallClock(2 * hour);
      await server.server.backgroundJobs.purge();
      expect(await me(server, tokens)).toEqual({ status: 401, code: "token_revoked" });
    });
  });
}

describe("a clock that jumped, on SQLite", () => {
  test("is logged once, with both times, and deletions resume", async () => {
    await using server = await testServer({ AUDIT_RETENTION: "1d" });
    await server.server.backgroundJobs.purge();
    server.stepWallClock(2 * hour);
    await server.server.backgroundJobs.purge();
    await server.server.backgroundJobs.purge();
    const told = server.logged().filter(({ msg }) => String(msg).startsWith("the clock jumped ahead"));
    expect(told).toHaveLength(1);
    const { clock, followed } = told[0] ?? {};
    expect(Date.parse(String(clock)) - Date.parse(String(followed))).toBe(2 * hour);
    expect(await figure(server, "latchkey_deletion_lag_seconds")).toBe(7200);

    // By elapsed time the trail is past its retention, whatever the wall clock shows.
    server.advance(day - hour);
    await server.server.backgroundJobs.purge();
    expect(await trailOf(server)).toContain("user.added");
    server.advance(hour + 2000);
    await server.server.backgroundJobs.purge();
    expect(await trailOf(server)).not.toContain("user.added");
    // The clock has kept its new time for a day, so deletions follow it.
    expect(await figure(server, "latchkey_deletion_lag_seconds")).toBe(0);
    expect(server.logged().some(({ msg }) => msg === "the clocks agree again")).toBe(true);
  });

  test("a restart continues from the last reading, after days without events", async () => {
    await using server = await testServer();
    server.advance(2 * day);
    await server.server.backgroundJobs.purge();
    await using again = await testServer({ DATABASE: server.database }, undefined, 2 * day);
    expect(await figure(again, "latchkey_deletion_lag_seconds")).toBe(0);
  });

  test("an early start after a long stop delays deletions by a day and no longer", async () => {
    await using server = await testServer({ AUDIT_RETENTION: "1d" });
    await server.server.backgroundJobs.purge();
    await using later = await testServer(
      { DATABASE: server.database, AUDIT_RETENTION: "1d" },
      undefined,
      30 * day,
    );
    await later.server.backgroundJobs.purge();
    expect(await trailOf(later)).toContain("user.added");
    later.advance(day);
    await later.server.backgroundJobs.purge();
    expect(await trailOf(later)).not.toContain("user.added");
  });
});

describe("a replica's clock and the database's", () => {
  test("a large offset is reported by log, readiness and metric, until it ends", async () => {
    await using server = await openOnPostgres({}, undefined, -2 * hour);
    const warning = /^this machine's clock is 7200 seconds behind the database's/;
    expect(server.logged().filter(({ msg }) => warning.test(String(msg)))).toHaveLength(1);
    const ready = await send(server, "", { method: "GET", path: "/health/ready" });
    expect(ready.status).toBe(200);
    expect(ready.body).toEqual({
      status: "ready",
      clock_offset_seconds: expect.closeTo(-7200, 0),
      warnings: [expect.stringMatching(warning)],
    });
    expect(Math.round((await figure(server, "latchkey_clock_offset_seconds")) ?? 0)).toBe(-7200);
    expect(await figure(server, "latchkey_clock_offset_uncertainty_seconds")).toBe(0);
    expect(server.logged().find(({ msg }) => warning.test(String(msg)))).toMatchObject({
      offsetSeconds: expect.closeTo(-7200, 0),
      uncertaintySeconds: 0,
      clock: expect.stringMatching(/Z$/),
      databaseClock: expect.stringMatching(/Z$/),
    });
    expect(startOf(server)).toMatchObject({ clockOffsetSeconds: expect.closeTo(-7200, 0) });

    server.stepWallClock(2 * hour);
    await server.server.backgroundJobs.purge();
    expect((await send(server, "", { method: "GET", path: "/health/ready" })).body).toEqual({
      status: "ready",
      clock_offset_seconds: expect.closeTo(0, 0),
    });
    expect(server.logged().filter(({ msg }) => warning.test(String(msg)))).toHaveLength(1);
  });

  test("an offset within the tolerance is measured without a warning", async () => {
    await using server = await openOnPostgres({}, undefined, 1_500);
    expect(await figure(server, "latchkey_clock_offset_seconds")).toBeCloseTo(1.5, 0);
    expect((await send(server, "", { method: "GET", path: "/health/ready" })).body).not.toHaveProperty(
      "warnings",
    );
    expect(server.logged().filter(({ msg }) => /clock/.test(String(msg)))).toEqual([]);
  });

  test("a file has the machine's own clock, so no offset is reported", async () => {
    await using server = await testServer();
    expect(await figure(server, "latchkey_clock_offset_seconds")).toBeUndefined();
    expect((await send(server, "", { method: "GET", path: "/health/ready" })).body).toEqual({
      status: "ready",
    });
    expect(startOf(server)).not.toHaveProperty("clockOffsetSeconds");
  });

  test("a revoked token is refused while a slow clock calls it valid", async () => {
    await using server = await openOnPostgres();
    const tokens = await signIn(server);
    await logout(server, tokens);
    server.stepWallClock(-2 * hour);
    server.advance(2 * hour);
    await server.server.backgroundJobs.purge();
    expect(await me(server, tokens)).toEqual({ status: 401, code: "token_revoked" });
  });

  test("a replica with a fast clock deletes no rows of others", async () => {
    await using server = await openOnPostgres({ ISSUER: "http://latchkey.test" });
    const tokens = await signIn(server);
    const other = await signIn(server);
    await logout(server, tokens);
    const environment = { DATABASE: server.database, ISSUER: "http://latchkey.test" };
    await using fast = await openOnPostgres(environment, undefined, 100 * day);
    await fast.server.backgroundJobs.purge();
    await using fresh = await openOnPostgres(environment);
    expect(await me(fresh, tokens)).toEqual({ status: 401, code: "token_revoked" });
    const body = { refresh_token: other.refresh };
    expect((await send(server, "/auth", { method: "POST", path: "/refresh", body })).status).toBe(200);
  });
});

/** The log line of the start. */
const startOf = (server: TestServer) =>
  server.logged().find(({ msg }) => String(msg).startsWith("listening at"));

async function me(server: TestServer, { access }: Tokens) {
  const { status, body } = await send(server, "/auth", {
    method: "GET",
    path: "/me",
    headers: bearer(access),
  });
  return { status, code: body["code"] };
}

async function logout(server: TestServer, { access }: Tokens): Promise<void> {
  const answer = await send(server, "/auth", { method: "POST", path: "/logout", headers: bearer(access) });
  expect(answer.status).toBe(200);
}

async function keySet(server: TestServer): Promise<{ keys: unknown }> {
  const { body } = await send(server, "", { method: "GET", path: "/.well-known/jwks.json" });
  return { keys: body["keys"] };
}

/** Names of all events that are in the database. */
async function trailOf({ database }: TestServer): Promise<unknown[]> {
  const text = "select name from audit_events";
  if (database.startsWith("postgres:")) return (await queryAt(database, text)).map(({ name }) => name);
  const file = new DatabaseSync(database);
  const rows = file.prepare(text).all();
  file.close();
  return rows.map(({ name }) => name);
}

async function figure(server: TestServer, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return readExposition(text).find((sample) => sample.name === name)?.value;
}
