import {
  allowClient,
  redeemCode,
  refreshClient,
  registerClient,
  revokeToken,
} from "@latchkey/testkit/oauth/client-calls";
import { debianBinaries } from "@latchkey/testkit/postgres/binaries";
import { PostgresServer } from "@latchkey/testkit/postgres/postgres-server";
import { tokensOf } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { replica } from "./replica.ts";

const place = new Place();
const issuer = "http://127.0.0.1:4999";
const admin = { username: "admin", password: adminPassword };
let postgres: PostgresServer;
let servers: readonly ServerProcess[];
let clientId: string;

beforeAll(async () => {
  postgres = await PostgresServer.make({ binaries: debianBinaries() });
  const database = await postgres.database();
  const env = { LATCHKEY_ISSUER: issuer, LATCHKEY_DATABASE_TIMEOUT: "10s" };
  servers = await Promise.all([replica(place, database, env), replica(place, database, env)]);
  clientId = await registerClient(at(0));
});
afterAll(() => postgres[Symbol.asyncDispose]());

const at = (n: number) => servers[n % servers.length]?.url ?? "";

async function newCode() {
  const code = await allowClient(at(0), issuer, clientId, admin);
  if (code === undefined) throw new Error("not allowed");
  return code;
}

/** Twenty requests at the same moment, half of them at each replica. */
const race = <Answer>(ask: (url: string) => Promise<Answer>) =>
  Promise.all(Array.from({ length: 20 }, (_, n) => ask(at(n))));

test("replicas register the same program as the same client", async () => {
  expect(await registerClient(at(1))).toBe(clientId);
});

test.for([1, 2, 3])("one of twenty redemptions at two replicas gets the tokens (%d)", async () => {
  const code = await newCode();
  const answers = await race((url) => redeemCode(url, clientId, code));
  const won = answers.filter(({ status }) => status === 200);
  expect(won).toHaveLength(1);
  for (const { status, body } of answers)
    if (status !== 200) expect([status, body["error"]]).toEqual([400, "invalid_grant"]);
  // The losers end nothing.
  for (const answer of won) {
    const { refresh } = tokensOf(answer);
    expect((await refreshClient(at(1), clientId, refresh)).status).toBe(200);
  }
});

test.for([1, 2, 3])("twenty refreshes at two replicas get one successor (%d)", async () => {
  let { refresh } = tokensOf(await redeemCode(at(1), clientId, await newCode()));
  for (let round = 0; round < 3; round++) {
    const shown = refresh;
    const answers = await race((url) => refreshClient(url, clientId, shown));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const successors = new Set(answers.map((answer) => tokensOf(answer).refresh));
    expect(successors.size).toBe(1);
    refresh = [...successors][0] ?? "";
  }
});

test("a revocation beside refreshes leaves no token that works", async () => {
  const { refresh } = tokensOf(await redeemCode(at(0), clientId, await newCode()));
  const refreshing = race((url) => refreshClient(url, clientId, refresh));
  expect((await revokeToken(at(1), clientId, refresh)).status).toBe(200);
  const answers = await refreshing;
  for (const answer of answers) {
    const last = answer.status === 200 ? tokensOf(answer).refresh : refresh;
    for (const n of [0, 1])
      expect((await refreshClient(at(n), clientId, last)).body["error"]).toBe("invalid_grant");
  }
});
