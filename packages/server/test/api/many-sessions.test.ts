import { createGuard } from "@latchkey/guard";
import { testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { claimsOf, signIn, type Tokens } from "./api-case.ts";
import { batch, copySessions, count, manySessionsContract, me, refresh } from "./many-sessions-contract.ts";
import { openOnPostgres } from "./postgres-world.ts";

for (const [engine, open] of [
  ["SQLite", testServer],
  ["PostgreSQL", openOnPostgres],
] as const) {
  manySessionsContract(engine, open, 20_000);

  describe(`sessions that a change of their user ends: ${engine}`, () => {
    test("another process finishes the endings; until then no token is valid", async () => {
      await using server = await open({ ISSUER: "http://latchkey.test" });
      // The oldest session: its row is marked last.
      const tokens = await signIn(server);
      await copySessions(server, 5 * batch);
      await server.server.backgroundJobs.stop();
      await server.server.people.setActive("alice", false);
      await server.server.people.setActive("alice", true);
      expect(await count(server, "revocations")).toBe(batch);

      await using other = await open({ DATABASE: server.database, ISSUER: "http://latchkey.test" });
      expect(await me(other, tokens)).toEqual({ status: 401, code: "token_revoked" });
      expect(await refresh(other, tokens)).toEqual({ status: 401, code: "token_revoked" });
      await until(
        "all sessions have ended",
        async () => (await count(server, "session_endings")) === 0,
        20_000,
      );
      expect(await count(server, "revocations")).toBe(5 * batch + 1);
      // A new session has the new epoch.
      expect(await me(other, await signIn(other))).toEqual({ status: 200, code: undefined });
    });

    test("a removed user's name is free at once, and the old sessions stay ended", async () => {
      await using server = await open();
      const old = await signIn(server);
      await copySessions(server, 3 * batch);
      await server.server.backgroundJobs.stop();
      await server.server.people.remove("alice");
      expect((await server.server.people.list()).map(({ username }) => username)).not.toContain("alice");
      const person = { username: "alice", email: "alice@example.com", displayName: null, roles: ["user"] };
      await server.server.people.add(person, "another of her own words");
      const fresh = await signIn(server, "alice", "another of her own words");
      expect(await refresh(server, old)).toEqual({ status: 401, code: "token_revoked" });
      for (let turn = 0; turn < 3; turn++) await server.server.backgroundJobs.poll();
      await server.server.backgroundJobs.finishEndings();
      expect(await count(server, "session_endings")).toBe(0);
      expect(await refresh(server, old)).toEqual({ status: 401, code: "token_revoked" });
      expect((await refresh(server, fresh)).status).toBe(200);
    });

    test("the rows of a removed user and its sessions are deleted", async () => {
      await using server = await open();
      await signIn(server);
      await copySessions(server, 3 * batch);
      await server.server.people.remove("alice");
      await until("the row is gone", async () => (await count(server, "session_endings")) === 0, 20_000);
      expect(await count(server, "users where id = 'user:alice'")).toBe(0);
      expect(await count(server, "sessions")).toBe(0);
      expect(await count(server, "revocations")).toBe(3 * batch + 1);
    });

    test("a clock far ahead keeps every ended session on the list", async () => {
      await using server = await open();
      const tokens = await signIn(server);
      server.stepWallClock(7_200_000);
      await server.server.people.setPassword("alice", "another of her own words");
      server.stepWallClock(-7_200_000);
      await server.server.backgroundJobs.poll();
      expect(await me(server, tokens)).toEqual({ status: 401, code: "token_revoked" });
    });

    test("a login beyond the limit ends the oldest session, also for guards", async () => {
      await using server = await open({ SESSIONS_PER_USER: "3" });
      const sessions: Tokens[] = [];
      for (let number = 0; number < 4; number++) {
        sessions.push(await signIn(server));
        server.advance(1000);
      }
      const [oldest, ...kept] = sessions;
      if (oldest === undefined) throw new Error("no session");
      expect(await me(server, oldest)).toEqual({ status: 401, code: "token_revoked" });
      expect(await refresh(server, oldest)).toEqual({ status: 401, code: "token_revoked" });
      for (const one of kept) expect(await me(server, one)).toEqual({ status: 200, code: undefined });
      await using guard = createGuard({ issuer: server.url, now: server.now });
      await expect(guard.verify(oldest.access)).rejects.toMatchObject({ code: "token_revoked" });
      const ended = server.newEvents().filter(({ name }) => name === "session.ended");
      expect(ended).toMatchObject([
        { subject: "user:alice", session_id: claimsOf(oldest.access)["sid"], reason: "limit" },
      ]);
      // Each user has a separate limit.
      expect(await me(server, await signIn(server, "bob"))).toEqual({ status: 200, code: undefined });
    });
  });
}
