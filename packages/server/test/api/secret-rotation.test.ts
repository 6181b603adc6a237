import { passwords, type TestServer, testServer } from "@latchkey/testkit/server/test-server";
import { freePort } from "@latchkey/testkit/sockets";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { seal, unseal } from "../../src/core/tokens/key-sealing.ts";
import { SealedKeyError } from "../../src/core/tokens/signing-keys.ts";
import { openStore } from "../../src/store/store.ts";
import { bearer, send } from "./api-case.ts";
import { openOnPostgres } from "./postgres-world.ts";
import { present } from "./refresh-grace-contract.ts";

const old = "the old secret of these tests, long enough";
const fresh = "the new secret of these tests, long enough";
const day = 86_400_000;
const oldFirst = `${old}\n${fresh}`;
const newFirst = `${fresh}\n${old}`;

/** The settings that replicas share. */
const shared = { ISSUER: "http://latchkey.test", TRUSTED_PROXIES: "127.0.0.1" };

const engines: readonly (readonly [string, typeof testServer])[] = [
  ["SQLite", testServer],
  ["PostgreSQL", openOnPostgres],
];

async function signIn(server: TestServer, username = "alice", password: string = passwords.alice) {
  const { status, body } = await send(server, "/auth", {
    method: "POST",
    path: "/login",
    body: { username, password },
  });
  return {
    status,
    code: body["code"],
    access: String(body["access_token"]),
    refresh: String(body["refresh_token"]),
  };
}

async function me(server: TestServer, token: string): Promise<number> {
  return (await send(server, "/auth", { method: "GET", path: "/me", headers: bearer(token) })).status;
}

/** The private keys in a database, and which of the two secrets opens each. */
async function sealedBy(database: string): Promise<string[]> {
  const place = readConfig({ LATCHKEY_DATABASE: database, LATCHKEY_SECRET: old }).database;
  const store = await openStore({ place, owner: "command", onAudit: () => {} });
  const keys = await store.keys.all();
  await store.close();
  const opens = (secret: string) => (key: (typeof keys)[number]) =>
    unseal(key.sealedPrivateKey, key.kid, deriveKeys(secret).sealing) !== undefined;
  return keys.map((key) => (opens(fresh)(key) ? "new" : opens(old)(key) ? "old" : "neither"));
}

describe.each(engines)("the rotation of the secret: %s", (_engine, open) => {
  const start = (secret: string, more: Readonly<Record<string, string>> = {}) =>
    open({ ...shared, SECRET: secret, ...more });

  /** Servers on one database, by their secrets. The first one is kept open, so the database lives as long. */
  async function replicas() {
    const stack = new AsyncDisposableStack();
    const first = stack.use(await start(old));
    const add = async (secret: string, more: Readonly<Record<string, string>> = {}) => {
      // The first server moves the database's clock. Several that do so at once would disturb each other.
      const server = stack.use(
        await testServer({ ...shared, SECRET: secret, DATABASE: first.database, ...more }),
      );
      // The clock of a test server stands still from its start on.
      server.stepWallClock(first.now() - server.now());
      return server;
    };
    return { first, add, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  test("every session survives while two replicas take each step", async () => {
    await using world = await replicas();
    const steps = [oldFirst, newFirst, fresh];
    let [one, two] = [world.first, await world.add(old)];
    const idle = await signIn(one);
    const tokens = [await signIn(one), await signIn(two)];
    const issued = tokens.map(({ access }) => access);
    for (const [number, secret] of steps.entries()) {
      // A session that rests through the roll-out is refreshed while the old secret still opens.
      if (secret === fresh) tokens.push({ ...idle, refresh: (await present(one, idle.refresh)).next });
      for (const restarted of ["one", "two"]) {
        if (restarted === "one") one = await world.add(secret);
        else two = await world.add(secret);
        for (const [index, token] of tokens.entries()) {
          const [here, there] = (index + number) % 2 === 0 ? [one, two] : [two, one];
          const answer = await present(here, token.refresh);
          expect(answer.status, `${restarted} has step ${number}`).toBe(200);
          // A second tab repeats the refresh at the other replica.
          expect(await present(there, token.refresh)).toMatchObject({ status: 200, next: answer.next });
          tokens[index] = { ...token, refresh: answer.next };
          issued.push(answer.access);
        }
        const { access } = await signIn(two);
        issued.push(access);
        for (const access of issued)
          expect([await me(one, access), await me(two, access)]).toEqual([200, 200]);
      }
    }
  });

  test("a refresh at one replica is repeated at one with the other order", async () => {
    await using world = await replicas();
    const [a, b] = [await world.add(oldFirst), await world.add(newFirst)];
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      const { refresh } = await signIn(here);
      const first = await present(here, refresh);
      expect(await present(there, refresh)).toMatchObject({ status: 200, next: first.next });
      const second = await present(there, first.next);
      expect(await present(here, first.next)).toMatchObject({ status: 200, next: second.next });
      expect((await present(here, second.next)).status).toBe(200);
      expect(await present(there, refresh)).toMatchObject({ status: 401, code: "token_revoked" });
    }
  });

  test("simultaneous refreshes at replicas with both orders get one successor", async () => {
    await using world = await replicas();
    const both = [await world.add(oldFirst), await world.add(newFirst)] as const;
    for (let round = 0; round < 5; round++) {
      const { refresh } = await signIn(both[round % 2 === 0 ? 0 : 1]);
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, repeat) => present(both[repeat % 2 === 0 ? 0 : 1], refresh)),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(new Set(answers.map(({ next }) => next)).size).toBe(1);
    }
  });

  test("a start seals all signing keys with the first secret, and says so once", async () => {
    await using world = await replicas();
    const { first } = world;
    first.advance(91 * day);
    await first.server.backgroundJobs.purge();
    expect(await sealedBy(first.database)).toEqual(["old", "old", "old"]);
    const line = expect.objectContaining({ keys: 3, msg: "signing keys were sealed with the first secret" });
    expect((await world.add(oldFirst)).logged()).not.toContainEqual(line);
    expect((await world.add(newFirst)).logged()).toContainEqual(line);
    expect(await sealedBy(first.database)).toEqual(["new", "new", "new"]);
    expect((await world.add(newFirst)).logged()).not.toContainEqual(line);
    await expect(world.add(old)).rejects.toThrow(SealedKeyError);
    expect((await signIn(await world.add(fresh))).status).toBe(200);
  });

  test("replicas that start at once with both orders leave keys that all open", async () => {
    await using world = await replicas();
    for (let round = 0; round < 3; round++) {
      const orders = [oldFirst, newFirst, newFirst, oldFirst];
      // A port that a server chooses by itself could be chosen twice.
      const ports = new Set<number>();
      while (ports.size < orders.length) ports.add(await freePort());
      const started = await Promise.all(
        [...ports].map((port, index) => world.add(orders[index] ?? oldFirst, { PORT: String(port) })),
      );
      expect(await sealedBy(world.first.database)).not.toContain("neither");
      const { access } = await signIn(started[0] ?? world.first);
      for (const server of started) expect(await me(server, access)).toBe(200);
    }
  });

  test("after a crash between two keys, the next start seals the rest", async () => {
    await using world = await replicas();
    await world.add(newFirst);
    const place = readConfig({ LATCHKEY_DATABASE: world.first.database, LATCHKEY_SECRET: old }).database;
    const store = await openStore({ place, owner: "command", onAudit: () => {} });
    const [key] = await store.keys.all();
    if (key === undefined) throw new Error("no key");
    // The state before the change: the key is sealed with the old secret.
    const opened = unseal(key.sealedPrivateKey, key.kid, deriveKeys(fresh).sealing);
    if (opened === undefined) throw new Error("not opened");
    const to = seal(opened, key.kid, deriveKeys(old).sealing);
    await store.keys.reseal([{ kid: key.kid, from: key.sealedPrivateKey, to }]);
    // A late change by a replica that saw the key before has no effect.
    await store.keys.reseal([{ kid: key.kid, from: key.sealedPrivateKey, to: "late" }]);
    await store.close();
    expect((await sealedBy(world.first.database)).toSorted()).toEqual(["new", "old"]);
    await expect(world.add(fresh)).rejects.toThrow(SealedKeyError);
    await world.add(newFirst);
    expect(await sealedBy(world.first.database)).toEqual(["new", "new"]);
    expect((await signIn(await world.add(fresh))).status).toBe(200);
  });

  test("a session of the old secret survives if the removal is taken back", async () => {
    await using world = await replicas();
    const { refresh } = await signIn(world.first);
    await world.add(newFirst);
    const early = await world.add(fresh);
    expect(await present(early, refresh)).toMatchObject({ status: 401, code: "invalid_token" });
    expect((await present(await world.add(newFirst), refresh)).status).toBe(200);
  });

  test("limits treat names with and without an account alike through all steps", async () => {
    const limits = { THROTTLE_PAIR: "2/1h", THROTTLE_ADDRESS: "1000/1h" };
    await using first = await start(old, limits);
    const reach = async (server: TestServer) => {
      const codes: unknown[] = [];
      for (const name of ["alice", "nobody"])
        codes.push((await signIn(server, name, "a wrong password")).code);
      return codes;
    };
    await reach(first);
    for (const secret of [old, oldFirst, newFirst, fresh]) {
      await using server = await start(secret, { ...limits, DATABASE: first.database });
      for (let attempt = 0; attempt < 3; attempt++) {
        const [known, unknown] = await reach(server);
        expect(unknown, `attempt ${attempt}`).toBe(known);
      }
    }
  });
});
