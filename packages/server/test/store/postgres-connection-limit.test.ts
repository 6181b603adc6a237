import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { queryAt } from "@latchkey/testkit/postgres/postgres-server";
import { passwords, type TestServer } from "@latchkey/testkit/server/test-server";
import { listenLocally } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { postgresUrl } from "../../src/config/postgres-url.ts";
import { connect as openClient } from "../../src/store/postgres/connect.ts";
import { ConnectionPool } from "../../src/store/postgres/connection-pool.ts";
import { send, signIn } from "../api/api-case.ts";
import { openOnPostgres } from "../api/postgres-world.ts";
import { newDatabase, suitePostgres } from "../postgres/server/suite-postgres.ts";

let roles = 0;

/** A new role that owns a new database. */
async function limitedRole(limit: number) {
  const role = `r${process.pid}_${Math.random().toString(36).slice(2)}_${roles++}`;
  const database = await newDatabase();
  const administration = await suitePostgres();
  const name = new URL(database).pathname.slice(1);
  await queryAt(administration, `create role ${role} login password 'first' connection limit ${limit}`);
  await queryAt(administration, `alter database ${name} owner to ${role}`);
  const address = new URL(database);
  address.username = role;
  address.password = "first";
  return {
    role,
    address: address.toString(),
    alter: (change: string) => queryAt(administration, `alter role ${role} ${change}`),
    open: async () => {
      const rows = await queryAt(
        administration,
        `select count(*)::int as open from pg_stat_activity where usename = '${role}'`,
      );
      return Number(rows[0]?.["open"]);
    },
  };
}

const limitWarnings = (server: TestServer) =>
  server.logged().filter(({ msg }) => String(msg).includes("PostgreSQL refuses more connections"));

/** Sends concurrent logins, in rounds. @returns how often each status came */
async function load(server: TestServer, rounds = 5, width = 60): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all(
      Array.from({ length: width }, (_, n) =>
        send(server, "/auth", {
          method: "POST",
          path: "/login",
          body: { username: n % 2 ? "alice" : "bob", password: n % 2 ? passwords.alice : passwords.bob },
        }),
      ),
    );
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

const settings = {
  DATABASE_POOL: "10",
  HASH_QUEUE: "200",
  THROTTLE_PAIR: "1000/1m",
  THROTTLE_ACCOUNT: "1000/1m",
  THROTTLE_ADDRESS: "1000/1m",
};

describe("a role with fewer connections than the pool", () => {
  test.for([6, 2, 1])("limit %d: the open connections answer every request", async (limit) => {
    const role = await limitedRole(limit);
    await using server = await openOnPostgres({ ...settings, DATABASE: role.address });
    expect(await load(server)).toEqual({ 200: 300 });
    expect(await role.open()).toBeLessThanOrEqual(limit);
    expect(limitWarnings(server)).toHaveLength(1);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/^latchkey_pool_connections_max 10$/m);
    const allowed = Number(/^latchkey_pool_connections_allowed (\d+)$/m.exec(metrics)?.[1]);
    expect(allowed).toBeLessThanOrEqual(limit);
    expect(allowed).toBeGreaterThan(0);
  });

  test("a raised limit is used without a restart", async () => {
    const role = await limitedRole(3);
    await using server = await openOnPostgres({ ...settings, DATABASE: role.address });
    expect(await load(server, 2)).toEqual({ 200: 120 });
    await role.alter("connection limit 20");
    await until("the pool grows", async () => {
      expect(await load(server, 1)).toEqual({ 200: 60 });
      return (await role.open()) > 8;
    });
    expect(limitWarnings(server)).toHaveLength(1);
  });

  test("a connection ended by an administrator leaves the others at work", async () => {
    const role = await limitedRole(4);
    await using server = await openOnPostgres({ ...settings, DATABASE: role.address });
    expect(await load(server, 1)).toEqual({ 200: 60 });
    // Another client takes the free slot at once, so that a new connection is refused.
    await role.alter("connection limit 1");
    await queryAt(
      await suitePostgres(),
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role.role}'
       and query not like 'listen%' order by backend_start limit 1`,
    );
    await until("the server answers logins", async () => (await load(server, 1, 1))["200"] === 1);
    expect(await load(server)).toEqual({ 200: 300 });
  });
});

describe("a pool without any connection", () => {
  test("pauses between attempts, and serves once a connection is allowed", async () => {
    const role = await limitedRole(0);
    const place = postgresUrl(role.address);
    let attempts = 0;
    let refusals = 0;
    const pool = new ConnectionPool({
      open: () => {
        attempts++;
        return openClient(place, place.hosts[0], { answer: 3000, connect: 2000 });
      },
      max: 10,
      maxWaiting: 100,
      waitMs: 1000,
      onLost: () => {},
      onRefused: () => refusals++,
      onStarved: () => {},
    });
    await expect(pool.acquire()).rejects.toMatchObject({ code: "53300" });
    expect(attempts).toBeLessThanOrEqual(6);
    expect(refusals).toBe(1);
    await role.alter("connection limit 1");
    pool.release(await pool.acquire());
    await pool.end();
  });
});

describe("a new connection beside working ones", () => {
  test("with a refused password fails no request", async () => {
    const role = await limitedRole(-1);
    await using server = await openOnPostgres({ ...settings, DATABASE: role.address });
    const { access } = await signIn(server);
    await role.alter("password 'second'");
    expect(await load(server)).toEqual({ 200: 300 });
    const headers = { authorization: `Bearer ${access}` };
    expect((await send(server, "/auth", { method: "GET", path: "/me", headers })).status).toBe(200);
    expect(limitWarnings(server)).toHaveLength(1);
    expect(String(limitWarnings(server)[0]?.["msg"])).toContain("28P01");
  });

  test("without an answer fails no request", async () => {
    const database = new URL(await newDatabase());
    await using link = await holdingLink(Number(database.port));
    database.port = String(link.port);
    await using server = await openOnPostgres({ ...settings, DATABASE: database.toString() });
    await signIn(server);
    link.hold();
    expect(await load(server)).toEqual({ 200: 300 });
    // New connections fail after two seconds. Open ones must not be closed with them.
    await until("the server has logged the refusal", async () => {
      expect(await load(server, 1)).toEqual({ 200: 60 });
      return limitWarnings(server).length > 0;
    });
    expect(await load(server)).toEqual({ 200: 300 });
    expect(limitWarnings(server)).toHaveLength(1);
  });
});

/** A proxy to a local port. From `hold` on it accepts new connections and forwards nothing from them. */
async function holdingLink(target: number) {
  let holding = false;
  const sockets = new Set<Socket>();
  const link = createServer((near) => {
    sockets.add(near);
    near.on("error", () => {}).on("close", () => sockets.delete(near));
    if (holding) return;
    const far = connect(target, "127.0.0.1");
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    near.pipe(far).pipe(near);
  });
  return {
    port: await listenLocally(link),
    hold: () => {
      holding = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      link.close();
      await once(link, "close");
    },
  };
}
