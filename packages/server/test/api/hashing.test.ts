import { request } from "node:http";
import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { until } from "@latchkey/testkit/until";
import { describe, expect, test } from "vitest";
import { nameKeys } from "../../src/core/passwords/account-names.ts";
import { argon2id, type Hasher } from "../../src/core/passwords/passwords.ts";
import { send } from "./api-case.ts";
import { heldHasher } from "./held-hasher.ts";
import { workLog } from "./work-log.ts";

const open = { THROTTLE_PAIR: "100000/1h", THROTTLE_ACCOUNT: "100000/1h", THROTTLE_ADDRESS: "100000/1h" };

/** A real hasher that records the cost of each verified hash. */
function watchedHasher() {
  const costs: string[] = [];
  const watched: Hasher = {
    ...argon2id,
    verify: (phc, typed) => {
      costs.push(phc.split("$").slice(1, 4).join("$"));
      return argon2id.verify(phc, typed);
    },
  };
  return { costs, watched };
}

describe("every wrong login costs the same work", () => {
  const kinds = [
    ["unknown user", "nobody", "wrong"],
    ["wrong password", "alice", "wrong"],
    ["empty password", "alice", ""],
    ["over-long password", "alice", "x".repeat(8_000)],
    ["inactive user, right password", "mallory", passwords.mallory],
    ["inactive user, wrong password", "mallory", "wrong"],
    ["empty name", "", "wrong"],
    ["unknown user, empty password", "nobody", ""],
  ] as const;

  test.each(kinds)(
    "%s: one hash of the same cost, one write, the same answer",
    async (_kind, username, password) => {
      const { costs, watched } = watchedHasher();
      await using server = await testServer(open, watched);
      const before = server.hashes();
      const answer = await send(server, "/auth", {
        method: "POST",
        path: "/login",
        body: { username, password },
      });
      expect(server.hashes() - before).toBe(1);
      expect(costs).toEqual(["argon2id$v=19$m=64,t=1,p=1"]);
      expect(server.newEvents().map(({ name }) => name)).toEqual(["login.failed"]);
      const { "x-request-id": _, date: __, ...headers } = Object.fromEntries(answer.headers);
      expect({ ...answer.body, headers }).toMatchObject({
        code: "invalid_credentials",
        headers: { "content-length": "115", "www-authenticate": "Bearer" },
      });
    },
  );
});

test("an unknown account costs one real hash, also after the parameters change", async () => {
  const { costs, watched } = watchedHasher();
  await using before = await testServer(open);
  await using server = await testServer({ ...open, DATABASE: before.database, HASH_MEMORY: "256" }, watched);
  for (const username of ["nobody", "alice", "mallory", "x".repeat(300)]) {
    await send(server, "/auth", { method: "POST", path: "/login", body: { username, password: "wrong" } });
  }
  expect(costs).toEqual(Array(4).fill("argon2id$v=19$m=64,t=1,p=1"));
});

test("a hash with old parameters is upgraded at the next login", async () => {
  const { openStore } = await import("../../src/store/store.ts");
  await using server = await testServer({ ...open, HASH_MEMORY: "128" });
  const store = await openStore({
    place: { engine: "sqlite", path: server.database },
    owner: "command",
    onAudit: () => {},
  });
  const alice = await store.users.byName(nameKeys("alice"));
  if (alice === undefined) throw new Error("no alice");
  const old = await argon2id.hash(passwords.alice, { memory: 64, iterations: 1, parallelism: 1 });
  await store.users.upgradeHash(alice, old);
  const login = () =>
    send(server, "/auth", {
      method: "POST",
      path: "/login",
      body: { username: "alice", password: passwords.alice },
    });
  expect((await login()).status).toBe(200);
  expect((await store.users.byName(nameKeys("alice")))?.passwordHash).toMatch(
    /^\$argon2id\$v=19\$m=128,t=1,p=1\$/,
  );
  const before = server.hashes();
  expect((await login()).status).toBe(200);
  expect(server.hashes() - before).toBe(1);
  await store.close();
});

describe("when the queue is full", () => {
  const narrow = { ...open, HASH_CONCURRENCY: "1", HASH_QUEUE: "2" };
  const refusals = (server: TestServer) => server.logged().filter(({ code }) => code === "overloaded").length;

  test("a login gets 503 at once with Retry-After, and waiting ones go on", async () => {
    const held = heldHasher();
    await using server = await testServer(narrow, held.hasher);
    held.hold();
    const login = () =>
      send(server, "/auth", {
        method: "POST",
        path: "/login",
        body: { username: "alice", password: passwords.alice },
      });
    const started = server.hashes();
    const first = login();
    await until("the first login is hashed", () => server.hashes() === started + 1, 5_000);
    const answers = [login(), login(), login(), login()];
    const early = await Promise.race(answers);
    expect([early.status, early.body["code"], early.headers.get("retry-after")]).toEqual([
      503,
      "overloaded",
      "1",
    ]);
    await until("both others are refused", () => refusals(server) === 2, 5_000);
    held.letGo();
    const statuses = (await Promise.all([first, ...answers])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 200, 200, 503, 503]);
  });

  test("a password is never hashed if its client disconnects while waiting", async () => {
    const held = heldHasher();
    await using server = await testServer({ ...narrow, HASH_QUEUE: "1" }, held.hasher);
    held.hold();
    const body = { username: "alice", password: passwords.alice };
    const login = () => send(server, "/auth", { method: "POST", path: "/login", body });
    const started = server.hashes();
    const first = login();
    await until("the first login is hashed", () => server.hashes() === started + 1, 5_000);

    const impatient = request(`${server.url}/auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    impatient.on("error", () => {});
    impatient.end(JSON.stringify(body));
    const waiting = async () =>
      (await (await fetch(`${server.url}/metrics`)).text()).includes("\nlatchkey_hash_waiting 1\n");
    await until("the login waits", waiting, 5_000);
    impatient.destroy();
    await until(
      "the disconnect is logged",
      () => server.logged().some(({ code }) => code === "client_gone"),
      5_000,
    );

    const third = login();
    held.letGo();
    expect([(await first).status, (await third).status]).toEqual([200, 200]);
    expect(server.hashes() - started).toBe(2);
  });

  test("one user at five addresses does not keep another user out", async () => {
    const held = heldHasher();
    const settings = { ...narrow, HASH_QUEUE: "10", TRUSTED_PROXIES: "127.0.0.1" };
    await using server = await testServer(settings, held.hasher);
    held.hold();
    const login = (username: "alice" | "bob", from: string) =>
      send(server, "/auth", {
        method: "POST",
        path: "/login",
        body: { username, password: passwords[username] },
        headers: { "x-forwarded-for": from },
      });
    const started = server.hashes();
    const flood = Array.from({ length: 40 }, (_, n) => login("alice", `192.0.2.${n % 5}`));
    await until("the first login is hashed", () => server.hashes() === started + 1, 5_000);
    const refused = async () => (await Promise.race(flood)).status === 503;
    expect(await refused()).toBe(true);
    const bob = login("bob", "198.51.100.1");
    const overtaken = () =>
      server.logged().filter(({ reason }) => `${reason}`.startsWith("displaced from the hash queue"));
    await until("a waiting login is displaced", () => overtaken().length === 1, 5_000);
    await until("the rest of the flood is refused", () => refusals(server) === 30, 5_000);
    held.letGo();
    expect((await bob).status).toBe(200);
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 503)).toHaveLength(30);
  });

  test("a refusal costs no statement, and another user still signs in", async () => {
    const held = heldHasher();
    await using server = await testServer({ ...narrow, HASH_QUEUE: "10" }, held.hasher);
    held.hold();
    const login = (username: "alice" | "bob") =>
      send(server, "/auth", {
        method: "POST",
        path: "/login",
        body: { username, password: passwords[username] },
      });
    const started = server.hashes();
    const flood = Array.from({ length: 12 }, () => login("alice"));
    await until("the first login is hashed", () => server.hashes() === started + 1, 5_000);
    await until(
      "the queue is full",
      () => server.logged().some(({ reason }) => reason === "hash queue full"),
      5_000,
    );
    using log = workLog();
    expect((await login("alice")).status).toBe(503);
    expect(log.take().statements).toEqual([]);
    const bob = login("bob");
    await until(
      "a waiting login is displaced",
      () => server.logged().some(({ reason }) => `${reason}`.startsWith("displaced from the hash queue")),
      5_000,
    );
    held.letGo();
    expect((await bob).status).toBe(200);
    expect(log.take().statements).not.toEqual([]);
    await Promise.all(flood);
  });
});
