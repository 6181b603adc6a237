import { readFileSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { describe, expect, test } from "vitest";
import { alarmedCodes } from "../../src/metrics/alarmed-codes.ts";
import { bearer, send, signIn } from "./api-case.ts";
import { type ReadSample, readExposition } from "./exposition-reader.ts";
import { postgresWorld } from "./postgres-world.ts";

const key = "k".repeat(40);
const scrape = (server: TestServer, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/metrics`, { headers });
const samplesOf = async (server: TestServer): Promise<ReadSample[]> =>
  readExposition(await (await scrape(server)).text());

/** The value of the sample with this name and these labels. */
function sampled(
  samples: readonly ReadSample[],
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const fits = ({ labels: given }: ReadSample) =>
    Object.entries(labels).every(([label, value]) => given[label] === value);
  return samples.find((sample) => sample.name === name && fits(sample))?.value;
}

const login = (username: string, password: string) =>
  ({ method: "POST", path: "/login", body: { username, password } }) as const;

test("answers are counted and timed by operation and code, over both mounts", async () => {
  await using server = await testServer({ THROTTLE_PAIR: "2/15m" });
  const { access, refresh } = await signIn(server);
  await send(server, "/api/v1/auth", login("bob", passwords.bob));
  for (let time = 0; time < 3; time++) await send(server, "/auth", login("alice", "wrong"));
  await send(server, "/auth", { method: "POST", path: "/refresh", body: { refresh_token: refresh } });
  await send(server, "/auth", { method: "POST", path: "/refresh", body: {} });
  await send(server, "/auth", { method: "GET", path: "/me", headers: bearer(access) });
  await send(server, "/auth", { method: "GET", path: "/me" });
  await fetch(`${server.url}/no/such/route`);
  await send(server, "/auth", { method: "POST", path: "/logout", headers: bearer(access) });

  const samples = await samplesOf(server);
  const counted = samples
    .filter(({ name, value }) => name === "latchkey_requests_total" && value > 0)
    .map(({ labels, value }) => `${labels["operation"]} ${labels["code"]} ${value}`);
  expect(counted.sort()).toEqual([
    "login invalid_credentials 2",
    "login ok 2",
    "login rate_limited 1",
    "logout ok 1",
    "me missing_token 1",
    "me ok 1",
    "other not_found 1",
    "refresh ok 1",
    "refresh validation_error 1",
  ]);
  const buckets = samples.filter(
    ({ name, labels }) =>
      name === "latchkey_request_duration_seconds_bucket" && labels["operation"] === "login",
  );
  const values = buckets.map(({ value }) => value);
  expect(values).toEqual([...values].sort((a, b) => a - b));
  expect(buckets.at(-1)).toMatchObject({ labels: { le: "+Inf" }, value: 5 });
  expect(sampled(samples, "latchkey_request_duration_seconds_count", { operation: "login" })).toBe(5);
});

test("every operation begins with zero, for every code that an alarm names", async () => {
  await using server = await testServer();
  const samples = await samplesOf(server);
  const began = samples.filter(({ name, value }) => name === "latchkey_requests_total" && value === 0);
  const operations = new Set(began.map(({ labels }) => labels["operation"]));
  expect([...operations].sort()).toEqual([
    ...["admin", "docs", "email", "health", "join", "login", "logout", "mcp", "me", "metrics"],
    ...["oauth_authorize", "oauth_introspect", "oauth_register", "oauth_revoke", "oauth_token"],
    ...["openapi_json", "other", "password", "refresh", "revocations", "sessions", "well_known"],
  ]);
  for (const operation of operations) {
    const codes = began.filter(({ labels }) => labels["operation"] === operation);
    expect(codes.map(({ labels }) => labels["code"])).toEqual([...alarmedCodes]);
  }
  expect(sampled(samples, "latchkey_request_duration_seconds_count", { operation: "login" })).toBe(0);
});

test("a replayed refresh token is counted", async () => {
  await using server = await testServer();
  const { refresh } = await signIn(server);
  expect(sampled(await samplesOf(server), "latchkey_refresh_replays_total")).toBe(0);
  const again = { method: "POST", path: "/refresh", body: { refresh_token: refresh } } as const;
  expect((await send(server, "/auth", again)).status).toBe(200);
  server.advance(120_000);
  expect((await send(server, "/auth", again)).status).toBe(401);
  expect(sampled(await samplesOf(server), "latchkey_refresh_replays_total")).toBe(1);
});

test("readiness is measured, also by a replica without probes", async () => {
  await using server = await testServer();
  expect(sampled(await samplesOf(server), "latchkey_ready")).toBe(1);
  using database = new DatabaseSync(server.database);
  database.exec("alter table heartbeat rename to heartbeat_moved");
  server.advance(1_001);
  expect(sampled(await samplesOf(server), "latchkey_ready")).toBe(0);
  database.exec("alter table heartbeat_moved rename to heartbeat");
  server.advance(1_001);
  expect(sampled(await samplesOf(server), "latchkey_ready")).toBe(1);
});

test("the free space on the volume of a file is measured", async () => {
  await using server = await testServer();
  const { blocks, bsize } = statfsSync(dirname(server.database));
  const free = sampled(await samplesOf(server), "latchkey_database_volume_free_bytes");
  expect(free).toBeGreaterThan(0);
  expect(free).toBeLessThanOrEqual(blocks * bsize);
});

test("no label holds a user, an address or a token", async () => {
  await using server = await testServer();
  const { access, refresh } = await signIn(server);
  await send(server, "/auth", login("zebedee@example.com", "hunter2"));
  await fetch(`${server.url}/hidden/path?token=${access}`, { headers: { "user-agent": "magpie" } });
  const text = await (await scrape(server)).text();
  for (const secret of ["alice", "zebedee", "hunter2", "127.0.0.1", "hidden", "magpie", access, refresh])
    expect(text).not.toContain(secret);
});

test("the age of the revocation list grows while it cannot be read", async () => {
  await using server = await testServer();
  await server.endSessions(3);
  const before = await samplesOf(server);
  expect(sampled(before, "latchkey_revocations_number")).toBe(3);
  expect(sampled(before, "latchkey_revocations_held")).toBe(3);
  server.advance(30_000);
  expect(sampled(await samplesOf(server), "latchkey_revocations_age_seconds")).toBeGreaterThanOrEqual(30);
  await server.server.backgroundJobs.poll();
  expect(sampled(await samplesOf(server), "latchkey_revocations_age_seconds")).toBeLessThan(30);
});

test("connections are measured with PostgreSQL", async () => {
  await using server = await postgresWorld.open({ DATABASE_POOL: "7" });
  await signIn(server);
  const samples = await samplesOf(server);
  expect(sampled(samples, "latchkey_pool_connections_max")).toBe(7);
  expect(sampled(samples, "latchkey_pool_connections")).toBeGreaterThan(0);
  expect(sampled(samples, "latchkey_pool_waiting")).toBe(0);
});

describe("/metrics admits", () => {
  test("programs on the server's machine, but no page and no proxy", async () => {
    await using server = await testServer();
    expect((await scrape(server)).status).toBe(200);
    for (const headers of [{ "x-forwarded-for": "127.0.0.1" }, { origin: "http://127.0.0.1" }]) {
      const answer = await scrape(server, headers);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ code: "invalid_metrics_key" });
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
  });

  test("only requests with a key if the issuer is public", async () => {
    await using server = await testServer({ METRICS_KEYS: key, ISSUER: "https://login.example" });
    const answers = [{}, { authorization: `Bearer ${key}x` }, { authorization: `Bearer ${key}` }];
    const statuses = await Promise.all(
      answers.map(async (headers) => (await scrape(server, headers)).status),
    );
    expect(statuses).toEqual([401, 401, 200]);
  });

  test("no request with a guard key", async () => {
    await using server = await testServer({ GUARD_KEYS: key, ISSUER: "https://login.example" });
    expect((await scrape(server, { authorization: `Bearer ${key}` })).status).toBe(401);
  });
});

test("docs/operations.md names exactly the metrics of the server", async () => {
  const page = readFileSync(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
  const named = new Set(
    [...page.matchAll(/^\| `((?:latchkey|process|nodejs)_[a-z_]+)`/gm)].map(([, name]) => name),
  );
  await using server = await postgresWorld.open();
  await signIn(server);
  await using onFile = await testServer({ MAILBOX: "on" });
  const text = (await (await scrape(server)).text()) + (await (await scrape(onFile)).text());
  const told = new Set([...text.matchAll(/^# TYPE ([a-z_]+) /gm)].map(([, name]) => name));
  expect([...named].sort()).toEqual([...told].sort());
});
