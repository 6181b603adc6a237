import { DatabaseSync } from "node:sqlite";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import type { TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { bearer, send, signIn, type Tokens } from "./api-case.ts";

/** The most sessions that one change ends. */
export const batch = 1000;

const endings: readonly (readonly [string, (server: TestServer) => Promise<unknown>])[] = [
  ["disable", ({ server }) => server.people.setActive("alice", false)],
  ["passwd", ({ server }) => server.people.setPassword("alice", "another of her own words")],
  ["remove", ({ server }) => server.people.remove("alice")],
];

/**
 * The contract of a change that ends very many sessions of one user.
 *
 * @param many the number of sessions: enough that batches still run while another user signs in
 */
export function manySessionsContract(engine: string, open: typeof testServer, many: number): void {
  describe(`a user with very many live sessions: ${engine}`, () => {
    test.each(endings)(
      `%s with ${many} sessions: one bounded change shuts the account`,
      async (_name, end) => {
        await using server = await open();
        const tokens = await signIn(server);
        await copySessions(server, many);
        await server.server.backgroundJobs.stop();
        await end(server);
        expect(await count(server, "session_endings")).toBe(1);
        expect(await count(server, "revocations")).toBe(batch);
        expect(await refresh(server, tokens)).toEqual({ status: 401, code: "token_revoked" });
        await server.server.backgroundJobs.poll();
        expect(await me(server, tokens)).toEqual({ status: 401, code: "token_revoked" });
        const finishing = server.server.backgroundJobs.finishEndings();
        const bob = await signIn(server, "bob");
        expect(await me(server, bob)).toEqual({ status: 200, code: undefined });
        expect(await count(server, "session_endings"), "a login waited for all batches").toBe(1);

        await finishing;
        expect(await count(server, "session_endings")).toBe(0);
        await server.server.backgroundJobs.poll();
        expect(await count(server, "revocations")).toBe(many + 1);
        expect(await count(server, "sessions where user_id = 'user:alice' and ended_at is null")).toBe(0);
        expect(await me(server, tokens)).toEqual({ status: 401, code: "token_revoked" });
        expect(await me(server, bob)).toEqual({ status: 200, code: undefined });
      },
    );
  });
}

/** Adds `more` sessions of alice, each newer than her own. */
export async function copySessions(server: TestServer, more: number): Promise<void> {
  const columns = `user_id, generation, refresh_hash, rotated_at, last_used_at, expires_at, ends_at,
    tokens_until, ended_at, address_bucket, epoch, client_id, client_name, scope, resource`;
  const copy = (numbers: string) => `insert into sessions (id, created_at, ${columns})
    select 'copy-' || n, created_at + n, ${columns} from sessions, ${numbers} where user_id = 'user:alice'`;
  if (server.database.startsWith("postgres:")) {
    await queryAt(server.database, copy(`generate_series(1, ${more}) as n`));
    return;
  }
  const file = new DatabaseSync(server.database, { timeout: 5000 });
  const numbers = `(with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${more})
    select n from numbers)`;
  file.exec(copy(numbers));
  file.close();
}

/** Counts rows. @param from a table, with a condition if needed */
export async function count({ database }: TestServer, from: string): Promise<number> {
  const text = `select count(*) as rows from ${from}`;
  if (database.startsWith("postgres:")) return Number((await queryAt(database, text))[0]?.["rows"]);
  const file = new DatabaseSync(database, { timeout: 5000 });
  const row = file.prepare(text).get();
  file.close();
  return Number(row?.["rows"]);
}

export async function me(server: TestServer, { access }: Tokens) {
  const { status, body } = await send(server, "/auth", {
    method: "GET",
    path: "/me",
    headers: bearer(access),
  });
  return { status, code: body["code"] };
}

export async function refresh(server: TestServer, tokens: Tokens) {
  const body = { refresh_token: tokens.refresh };
  const answer = await send(server, "/auth", { method: "POST", path: "/refresh", body });
  return { status: answer.status, code: answer.body["code"] };
}
