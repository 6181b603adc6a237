import { login, send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

const place = new Place();
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster(place, 3, {
    LATCHKEY_THROTTLE_PAIR: "12/1h",
    LATCHKEY_THROTTLE_ADDRESS: "30/1h",
  });
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** Sends a guess to each replica in turn. @param together whether they are simultaneous */
async function guess(username: string, times: number, together: boolean): Promise<number[]> {
  const ask = async (n: number) =>
    (await login(cluster.replicas[n % 3]?.url ?? "", username, `wrong ${n}`)).status;
  if (together) return Promise.all(Array.from({ length: times }, (_, n) => ask(n)));
  const statuses: number[] = [];
  for (let n = 0; n < times; n++) statuses.push(await ask(n));
  return statuses;
}
const count = (statuses: readonly number[], status: number) =>
  statuses.filter((one) => one === status).length;

test("three replicas together admit as many guesses as one replica", async () => {
  const statuses = await guess("admin", 20, false);
  expect(statuses).toEqual([...Array(12).fill(401), ...Array(8).fill(429)]);
  for (const { url } of cluster.replicas) expect((await login(url, "admin", "wrong")).status).toBe(429);
});

test("the limits hold for simultaneous guesses and over all accounts", async () => {
  const statuses = await guess("somebody", 90, true);
  expect(count(statuses, 401)).toBe(12);
  expect(count(statuses, 429)).toBe(78);
  // 24 of 30 failures from this address are used up.
  const others = await guess("somebody else", 60, true);
  expect(count(others, 401)).toBe(6);
});

test("an exhausted limit survives a restart of all replicas", async () => {
  for (const replica of cluster.replicas) {
    await replica.stop("SIGKILL");
    await replica.start();
  }
  for (const { url } of cluster.replicas) expect((await login(url, "admin", "wrong")).status).toBe(429);
});

test("ten replicas that start on an empty database agree on keys and admin", async () => {
  const database = await cluster.postgres.database();
  const env = { LATCHKEY_DATABASE: database, LATCHKEY_SECRET: "only for tests, and the same everywhere" };
  const servers = await Promise.all(Array.from({ length: 10 }, () => place.server({ env })));
  const keySets = await Promise.all(servers.map(({ url }) => send(`${url}/.well-known/jwks.json`)));
  expect(new Set(keySets.map(({ text }) => text)).size).toBe(1);
  const { access } = await signIn(servers[0]?.url ?? "", "admin", adminPassword);
  for (const { url } of servers) {
    const answer = await send(`${url}/auth/me`, { headers: { authorization: `Bearer ${access}` } });
    expect(answer.status).toBe(200);
  }
  await Promise.all(servers.map((server) => server.stop()));
});
