import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { fileStore } from "../src/file.ts";
import { AuthClient, memoryStore, type TokenStore } from "../src/index.ts";
import { alice, bob, lifetime, type World, world } from "./session-world.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

let names = 0;
const named = (): TokenStore => ({ name: `shared ${++names}`, ...memoryStore() });

test("of two clients with one store, one refreshes and the other reads", async () => {
  const store = named();
  const { auth, tap } = await place.signedIn({ store });
  const other = place.client({ store });
  place.pass(lifetime);
  const held = tap.hold("/auth/refresh");
  const first = auth.token();
  await held.given;
  const second = other.auth.token();
  await vi.waitUntil(async () => (await navigator.locks.query()).pending?.length === 1);
  held.release();
  expect(await second).toBe(await first);
  expect([tap.times("/auth/refresh"), other.tap.times("/auth/refresh")]).toEqual([1, 0]);
});

test("a waiting client does not refresh a session that has ended", async () => {
  const store = named();
  const { auth, tap } = await place.signedIn({ store });
  const other = place.client({ store });
  place.pass(lifetime);
  const held = tap.hold("/auth/refresh");
  const first = auth.token();
  first.catch(() => {});
  await held.given;
  const second = other.auth.token();
  second.catch(() => {});
  await vi.waitUntil(async () => (await navigator.locks.query()).pending?.length === 1);
  await auth.logout();
  held.release();
  await expect(first).rejects.toMatchObject({ kind: "signed_out" });
  await expect(second).rejects.toMatchObject({ kind: "signed_out" });
  expect(other.tap.requests).toEqual([]);
  expect(await store.get()).toBeUndefined();
});

test("a logout does not wait for the refresh of another client", async () => {
  const store = named();
  const { auth, tap } = await place.signedIn({ store });
  place.pass(lifetime);
  const held = tap.hold("/auth/refresh");
  const waiting = auth.token();
  waiting.catch(() => {});
  await held.given;
  await place.client({ store }).auth.logout();
  held.release();
  await expect(waiting).rejects.toMatchObject({ kind: "signed_out" });
  expect(await store.get()).toBeUndefined();
});

test.each([
  ["logout", undefined],
  ["login", bob],
] as const)("a %s of another client during the write of a refresh wins", async (_verb, next) => {
  const kept = named();
  const [writing, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let slow = false;
  const store: TokenStore = {
    ...kept,
    async set(tokens) {
      if (slow) {
        slow = false;
        writing.resolve();
        await written.promise;
      }
      await kept.set(tokens);
    },
  };
  const { auth } = await place.signedIn({ store });
  const other = place.client({ store });
  place.pass(lifetime);
  slow = true;
  const refreshed = auth.token().catch(() => {});
  await writing.promise;
  let over = false;
  const winning = (next ? other.auth.login(next) : other.auth.logout()).finally(() => {
    over = true;
  });
  await vi.waitUntil(async () => over || (await navigator.locks.query()).pending?.length === 1);
  written.resolve();
  await Promise.all([refreshed, winning]);
  if (next) expect(await auth.me()).toMatchObject({ username: next.username });
  else expect(await store.get()).toBeUndefined();
});

test("clients of different stores do not wait for each other", async () => {
  const { auth, tap } = await place.signedIn({ store: named() });
  const other = await place.signedIn({ store: named() });
  place.pass(lifetime);
  const held = tap.hold("/auth/refresh");
  const first = auth.token();
  await held.given;
  await other.auth.token();
  held.release();
  await first;
});

test("without locks two clients of one store both stay signed in", async () => {
  vi.stubGlobal("navigator", {});
  try {
    const store = named();
    const seen = [await place.signedIn({ store }), place.client({ store })];
    place.pass(lifetime);
    const tokens = await Promise.all(seen.map(({ auth }) => auth.token()));
    expect(seen.map(({ tap }) => tap.times("/auth/refresh"))).toEqual([1, 1]);
    expect(await Promise.all(tokens.map(place.statusOf))).toEqual([200, 200]);
    place.pass(lifetime);
    const later = await Promise.all(seen.map(({ auth }) => auth.token()));
    expect(await Promise.all(later.map(place.statusOf))).toEqual([200, 200]);
  } finally {
    vi.unstubAllGlobals();
  }
});

test("two processes that refresh one file at once both stay signed in", async () => {
  vi.useRealTimers();
  const folder = mkdtempSync(join(tmpdir(), "latchkey-shared-"));
  const path = join(folder, "session.json");
  const store = fileStore(path);
  await new AuthClient({ baseURL: place.server.url, store }).login(alice);
  const script = join(import.meta.dirname, "file-session-process.ts");
  const processes = [1, 2].map(() => spawn(process.execPath, [script, place.server.url, path]));
  const lines = processes.map(linesOf);
  try {
    await Promise.all(lines.map((next) => next()));
    for (let round = 0; round < 3; round++) {
      const before = await store.get();
      if (!before) throw new Error("The file has no tokens");
      await store.set({ ...before, expiresAt: before.issuedAt });
      // Beyond the grace, in which the server accepts a refresh token twice.
      place.server.advance(60_000);
      for (const { stdin } of processes) stdin.write("token\n");
      const tokens = await Promise.all(lines.map((next) => next()));
      expect(tokens).not.toContain(before.accessToken);
      expect(await Promise.all(tokens.map(place.statusOf))).toEqual([200, 200]);
    }
  } finally {
    await Promise.all(processes.map(stopped));
    rmSync(folder, { recursive: true });
  }
});

function linesOf({ stdout }: ReturnType<typeof spawn>): () => Promise<string> {
  if (!stdout) throw new Error("The process has no output");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return async () => String((await lines.next()).value);
}

async function stopped(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill();
  await exit;
}
