import { login, me, refresh, signIn, tokensOf } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";
import { dashboardQueries } from "./dashboard.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";

const place = new Place();
const key = "m".repeat(40);
const settings = {
  LATCHKEY_METRICS_KEYS: key,
  LATCHKEY_MAILBOX: "on",
  LATCHKEY_ALLOW_INSECURE: "hash,issuer,secret,mailbox",
};
let cluster: Cluster;
let prometheus: Prometheus;

beforeAll(async () => {
  cluster = await startCluster(place, 3, settings);
  // The dashboard shows figures of SQLite too.
  const onFile = await place.server({ env: settings });
  const jobs = { latchkey: cluster.replicas.map(({ url }) => url), "latchkey-on-file": [onFile.url] };
  prometheus = await startPrometheus(place.path("prometheus"), jobs, key);
  await until(
    "Prometheus has scraped each server twice",
    async () => (await prometheus.query("count_over_time(latchkey_info[1m]) >= 2")).length === 4,
    30_000,
  );
});
afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

test("every query of deploy/grafana.json has data under load", async () => {
  const queries = dashboardQueries({ job: ".*", instance: ".*", __rate_interval: "1m" });
  expect(queries.length).toBeGreaterThan(30);
  const answered = new Set<string>();
  await until(
    "all queries have data",
    async () => {
      for (const { url } of cluster.replicas) {
        const tokens = await signIn(url, "admin", adminPassword);
        await me(url, tokensOf(await refresh(url, tokens.refresh)).access);
      }
      for (const { title, expression } of queries) {
        const series = await prometheus.query(expression);
        if (series.some(({ value }) => Number.isFinite(value))) answered.add(`${title}: ${expression}`);
      }
      return answered.size === queries.length;
    },
    60_000,
  ).catch((error: unknown) => {
    const without = queries.filter(({ title, expression }) => !answered.has(`${title}: ${expression}`));
    throw new Error(`no data: ${without.map(({ expression }) => expression).join("\n")}`, { cause: error });
  });
});

test("the first failure while PostgreSQL is stopped fires an alarm", async () => {
  const [first] = cluster.replicas;
  if (first === undefined) throw new Error("no replica");
  const { host } = new URL(first.url);
  expect(await prometheus.firing()).toEqual([]);
  await cluster.postgres.stop();
  const refused = await login(first.url, "admin", adminPassword);
  expect(refused).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
  await until(
    "the alarm fires",
    async () => (await prometheus.firing()).includes(`LatchkeyStoreUnavailable ${host}`),
    20_000,
  );
  const counted = await prometheus.query('latchkey_requests_total{code="store_unavailable"} > 0');
  expect(counted).toEqual([
    { labels: expect.objectContaining({ operation: "login", instance: host }), value: 1 },
  ]);

  const hosts = cluster.replicas.map(({ url }) => new URL(url).host);
  const expected = hosts.flatMap((instance) => [
    `LatchkeyNotReady ${instance}`,
    `LatchkeyRevocationsStale ${instance}`,
  ]);
  await until(
    "every replica is reported as not ready, and its list as stale",
    async () => {
      const firing = await prometheus.firing();
      return expected.every((alarm) => firing.includes(alarm));
    },
    120_000,
  );
  await cluster.postgres.start();
  await until(
    "the alarms about the state end",
    async () => {
      const firing = await prometheus.firing();
      return expected.every((alarm) => !firing.includes(alarm));
    },
    60_000,
  );
});
