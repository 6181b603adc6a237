import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import {
  login,
  logout,
  me,
  refresh,
  signIn,
  type Tokens,
  tokensOf,
} from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replica } from "./replica.ts";
import { commitOnBoth, type Standby, standbyOf } from "./server/standby.ts";

const place = new Place();
let primary: PostgresServer;
let standby: Standby;
let servers: ServerProcess[];

beforeAll(async () => {
  primary = await PostgresServer.make({ binaries: debianBinaries() });
  const address = await primary.database();
  standby = await standbyOf(primary);
  await commitOnBoth(primary);
  const both = address.replace(`:${primary.port}/`, `:${primary.port},127.0.0.1:${standby.server.port}/`);
  servers = await Promise.all([replica(place, both), replica(place, both)]);
});
afterAll(async () => {
  await standby.server[Symbol.asyncDispose]();
  await primary[Symbol.asyncDispose]();
});

test("a standby promoted under load takes over, with every acknowledged change", async () => {
  /** The latest tokens of sessions that are live by their last answer. `ended` has those of acknowledged logouts. */
  const living = new Map<number, Tokens>();
  const ended = new Map<number, Tokens>();
  const refused = new Map<string, number>();
  let promoted = false;
  let callsAfter = 0;

  async function person(id: number): Promise<void> {
    for (let turn = 0; callsAfter < 200; turn++) {
      const url = servers[(id + turn) % servers.length]?.url ?? "";
      try {
        const tokens = living.get(id);
        if (tokens === undefined) {
          const answer = await login(url, "admin", adminPassword);
          if (answer.status === 200) living.set(id, tokensOf(answer));
          else count(answer);
        } else if (turn % 7 === 6) {
          const answer = await logout(url, tokens.access);
          // After a refused logout the state of the session is unknown, so it is not checked.
          living.delete(id);
          if (answer.status === 200) ended.set(id * 1_000_000 + turn, tokens);
          else count(answer);
        } else {
          const answer = await refresh(url, tokens.refresh);
          if (answer.status === 200) living.set(id, tokensOf(answer));
          else {
            count(answer);
            // A refused rotation may be committed. Within the grace, the same token gets the same successor.
            if (answer.status === 401) living.delete(id);
          }
        }
        if (promoted) callsAfter++;
      } catch (error) {
        throw new Error(`no answer from ${url}`, { cause: error });
      }
    }
  }
  function count({ status, body }: { status: number; body: Readonly<Record<string, unknown>> }): void {
    const what = `${status} ${body["code"]}`;
    refused.set(what, (refused.get(what) ?? 0) + 1);
  }

  const load = Promise.all(Array.from({ length: 16 }, (_, id) => person(id)));
  await until("ten sessions have ended under load", () => ended.size > 10, 30_000);
  await primary.kill();
  await standby.promote();
  await standby.server.query("alter system reset synchronous_standby_names");
  await standby.server.query("select pg_reload_conf()");
  promoted = true;
  await load;

  expect([...refused.keys()].filter((what) => what !== "503 store_unavailable")).toEqual([]);
  for (const { access, refresh: token } of ended.values()) {
    expect((await me(servers[0]?.url ?? "", access)).body["code"]).toBe("token_revoked");
    expect((await refresh(servers[1]?.url ?? "", token)).body["code"]).toBe("token_revoked");
  }
  expect(living.size).toBeGreaterThan(0);
  for (const { access, refresh: token } of living.values()) {
    expect((await me(servers[1]?.url ?? "", access)).status).toBe(200);
    expect((await refresh(servers[0]?.url ?? "", token)).status).toBe(200);
  }
  await signIn(servers[0]?.url ?? "", "admin", adminPassword);
});
