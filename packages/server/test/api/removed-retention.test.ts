import { DatabaseSync } from "node:sqlite";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { signIn } from "./api-case.ts";
import { openOnPostgres } from "./postgres-world.ts";

const hour = 3_600_000;
const day = 24 * hour;

removedRetention("SQLite", testServer);
removedRetention("PostgreSQL", openOnPostgres);

/** The retention of removed users, from the setting to the audit trail. */
function removedRetention(engine: string, open: typeof testServer): void {
  describe(`users that were removed: ${engine}`, () => {
    test("are erased after LATCHKEY_REMOVED_RETENTION, and a younger removal stays", async () => {
      await using server = await open({ REMOVED_RETENTION: "30d" });
      const { people } = server.server;
      for (const name of ["alice", "bob"] as const) await signIn(server, name);
      await people.remove("alice");
      server.advance(day);
      await people.remove("bob");
      server.advance(29 * day - hour);
      expect(await erasedIn(server)).toEqual([]);
      server.advance(2 * hour);
      expect(await erasedIn(server)).toMatchObject([
        { subject: expect.stringMatching(/^erased:[\w-]+$/), actor: null, address: "server" },
      ]);
      const trail = JSON.stringify(await trailOf(server));
      expect(trail).not.toContain("user:alice");
      expect(trail).toContain("user:bob");
      server.advance(day);
      expect(await erasedIn(server)).toHaveLength(1);
      expect(JSON.stringify(await trailOf(server))).not.toContain("user:bob");
      expect(await erasedIn(server)).toEqual([]);
    });

    test("stay in the trail without the setting", async () => {
      await using server = await open();
      await server.server.people.remove("alice");
      server.advance(60 * day);
      expect(await erasedIn(server)).toEqual([]);
      expect(JSON.stringify(await trailOf(server))).toContain("user:alice");
    });

    test("are not erased by a wall clock that steps ahead", async () => {
      await using server = await open({ REMOVED_RETENTION: "30d" });
      await server.server.people.remove("alice");
      server.stepWallClock(60 * day);
      expect(await erasedIn(server)).toEqual([]);
      server.stepWallClock(-60 * day);
      expect(await erasedIn(server)).toEqual([]);
      expect(JSON.stringify(await trailOf(server))).toContain("user:alice");
    });
  });
}

/** Runs the background jobs. @returns the erasures since the last call */
async function erasedIn({ server, newEvents }: TestServer) {
  await server.backgroundJobs.purge();
  await server.backgroundJobs.rewriteTrail();
  return newEvents().filter(({ name }) => name === "user.erased");
}

/** The audit trail as the database has it: its events have other names after an erasure. */
async function trailOf({ database }: TestServer): Promise<Record<string, unknown>[]> {
  const select = "select name, subject, actor, address from audit_events";
  if (database.startsWith("postgres:")) return queryAt(database, select);
  const file = new DatabaseSync(database, { readOnly: true });
  try {
    return file.prepare(select).all();
  } finally {
    file.close();
  }
}
