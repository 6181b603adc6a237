import { createGuard } from "@latchkey/guard";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { login, logout, me, refresh, send, signIn, trade } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replica } from "./replica.ts";

const place = new Place();
let postgres: PostgresServer;
let server: ServerProcess;

beforeAll(async () => {
  postgres = await PostgresServer.make({ binaries: debianBinaries() });
  server = await replica(place, await postgres.database(), { LATCHKEY_ISSUER: "" });
});
afterAll(() => postgres[Symbol.asyncDispose]());

const ready = async () => (await fetch(`${server.url}/health/ready`)).status;
const recovers = () => until("the server is ready again", async () => (await ready()) === 200, 20_000);

/** Every operation gets 503 without details of the database. */
async function refusedEverywhere(tokens: { access: string; refresh: string }): Promise<void> {
  const calls = [
    login(server.url, "admin", adminPassword),
    login(server.url, "nobody", "nothing at all"),
    refresh(server.url, tokens.refresh),
    trade(server.url, tokens.access),
    me(server.url, tokens.access),
    logout(server.url, tokens.access),
  ];
  for (const answer of await Promise.all(calls)) {
    expect(answer).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
    expect(answer.text).not.toMatch(/ECONN|127\.0\.0\.1|postgres|timeout/i);
  }
  // An answer from before the outage may be shared for a second.
  await until("the server is not ready", async () => (await ready()) === 503, 2_000);
  const response = await fetch(`${server.url}/health/ready`);
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
}

describe("while the database is unreachable", () => {
  test.for([
    ["stopped", () => postgres.stop("fast"), () => postgres.start()],
    ["stopped immediately", () => postgres.stop("immediate"), () => postgres.start()],
    ["killed", () => postgres.kill(), () => postgres.start()],
    ["frozen", async () => postgres.freeze(), async () => postgres.thaw()],
  ] as const)(
    "because it was %s: callers get 503, and no acknowledged change is lost",
    async ([, go, come]) => {
      await recovers();
      const tokens = await signIn(server.url, "admin", adminPassword);
      const ended = await signIn(server.url, "admin", adminPassword);
      await using guard = createGuard({ issuer: server.url });
      expect((await guard.verify(tokens.access)).username).toBe("admin");
      expect((await logout(server.url, ended.access)).status).toBe(200);

      await using outage = new AsyncDisposableStack();
      outage.defer(come);
      await go();
      // Cached reads of the user and of the ended sessions stay valid for a moment.
      await until("me is refused", async () => (await me(server.url, tokens.access)).status === 503, 5_000);
      await refusedEverywhere(tokens);
      // A guard and the key set need no database.
      expect((await guard.verify(tokens.access)).username).toBe("admin");
      expect((await send(`${server.url}/health/live`)).status).toBe(200);
      expect((await send(`${server.url}/.well-known/jwks.json`)).status).toBe(200);

      await outage.disposeAsync();
      await recovers();
      expect((await me(server.url, tokens.access)).status).toBe(200);
      expect((await refresh(server.url, tokens.refresh)).status).toBe(200);
      expect((await me(server.url, ended.access)).body["code"]).toBe("token_revoked");
      expect((await refresh(server.url, ended.refresh)).body["code"]).toBe("token_revoked");
      await signIn(server.url, "admin", adminPassword);
    },
  );

  test("a thousand simultaneous requests are all refused, and the server goes on", async () => {
    await recovers();
    const { access } = await signIn(server.url, "admin", adminPassword);
    using frozen = new DisposableStack();
    frozen.defer(() => postgres.thaw());
    postgres.freeze();
    const asked = Array.from({ length: 1000 }, (_, n) =>
      n % 2 === 0 ? trade(server.url, access) : refresh(server.url, `lkr_${n}`),
    );
    const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
    frozen.dispose();
    // A foreign token is refused without the database.
    expect([...statuses].sort()).toEqual(expect.arrayContaining([503]));
    expect([...statuses].filter((status) => ![401, 429, 503].includes(status))).toEqual([]);
    await recovers();
    expect((await me(server.url, access)).status).toBe(200);
  });
});
