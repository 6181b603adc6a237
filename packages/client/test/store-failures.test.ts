import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fileStore } from "../src/file.ts";
import type { SessionEnd, StoreFailure } from "../src/index.ts";
import { FailingStore } from "./failing-store.ts";
import { alice, bob, lifetime, type Seen, type World, world } from "./session-world.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** Longer than the grace, in which the server accepts a refresh token twice. */
const beyondGrace = 120_000;

let names = 0;
const shared = () => new FailingStore(`failing ${++names}`);

function failuresOf({ auth }: Pick<Seen, "auth">): StoreFailure[] {
  const failures: StoreFailure[] = [];
  auth.onStoreError((failure) => void failures.push(failure));
  return failures;
}

/** A client with refreshed tokens that the store has refused. */
async function refreshedInMemory(store: FailingStore, writes: "refused" | "torn" = "refused") {
  const seen = await place.signedIn({ store });
  const failures = failuresOf(seen);
  place.pass(lifetime);
  store.writes = writes;
  const token = await seen.auth.token();
  return { ...seen, store, failures, token };
}

describe.each(["refused", "torn"] as const)("a %s write of refreshed tokens", (writes) => {
  test("keeps them in memory, and the session outlives the grace", async () => {
    const { auth, store, token, tap } = await refreshedInMemory(new FailingStore(), writes);
    expect(await place.statusOf(token)).toBe(200);
    place.pass(beyondGrace);
    expect(await auth.token()).toBe(token);
    place.pass(lifetime);
    const next = await auth.token();
    expect(next).not.toBe(token);
    expect(await place.statusOf(next)).toBe(200);
    expect(tap.times("/auth/refresh")).toBe(2);
    store.writes = "done";
    place.pass(1_000);
    expect(await auth.token()).toBe(next);
    expect(store.kept?.accessToken).toBe(next);
  });

  test("is reported once, with the error of the store", async () => {
    const { auth, store, failures } = await refreshedInMemory(new FailingStore(), writes);
    place.pass(1_000);
    await auth.token();
    expect(failures).toEqual([{ action: "keep", error: store.full }]);
  });
});

test("a failed write is retried by a timer, at growing intervals", async () => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  const { store, token } = await refreshedInMemory(new FailingStore());
  const refused = store.tries;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(store.tries).toBe(refused + 1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(store.tries).toBe(refused + 1);
  store.writes = "done";
  await vi.advanceTimersByTimeAsync(1_000);
  expect(store.kept?.accessToken).toBe(token);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(store.tries).toBe(refused + 2);
});

test("calls in quick succession do not each retry the write", async () => {
  const { auth, store } = await refreshedInMemory(new FailingStore());
  const refused = store.tries;
  for (let call = 0; call < 10; call++) await auth.token();
  expect(store.tries).toBe(refused);
});

test("a login succeeds if the store fails", async () => {
  const store = new FailingStore();
  store.writes = "refused";
  const seen = place.client({ store });
  const failures = failuresOf(seen);
  expect(await seen.auth.login(alice)).toMatchObject({ username: "alice" });
  expect(await seen.auth.me()).toMatchObject({ username: "alice" });
  expect(failures).toEqual([{ action: "keep", error: store.full }]);
});

test("a login that the store refuses is not undone by the old session", async () => {
  const store = new FailingStore();
  await place.signedIn({ store });
  const { auth } = place.client({ store });
  store.writes = "refused";
  store.readable = false;
  await auth.login(bob);
  store.readable = true;
  expect(await auth.me()).toMatchObject({ username: "bob" });
  store.writes = "done";
  place.pass(1_000);
  expect(store.kept?.accessToken).not.toBe(await auth.token());
  place.pass(1_000);
  expect(await auth.me()).toMatchObject({ username: "bob" });
  expect(store.kept?.accessToken).toBe(await auth.token());
});

test("a removed listener is not called", async () => {
  const store = new FailingStore();
  const { auth } = await place.signedIn({ store });
  const failures: StoreFailure[] = [];
  auth.onStoreError((failure) => void failures.push(failure))();
  store.writes = "refused";
  await auth.login(alice);
  expect(failures).toEqual([]);
});

describe("after a failed write, another tab's change wins:", () => {
  test("a login", async () => {
    const { auth, store } = await refreshedInMemory(shared());
    store.writes = "done";
    const other = place.client({ store });
    const { accessToken } = await other.auth.login(bob);
    place.pass(1_000);
    expect(await auth.token()).toBe(accessToken);
    place.pass(60_000);
    expect(await auth.me()).toMatchObject({ username: "bob" });
    expect(store.kept?.accessToken).toBe(accessToken);
  });

  test("a logout", async () => {
    const { auth, store } = await refreshedInMemory(shared());
    store.writes = "done";
    await place
      .client({ store })
      .auth.logout()
      .catch(() => {});
    expect(store.kept).toBeUndefined();
    place.pass(1_000);
    await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
    expect(store.kept).toBeUndefined();
  });

  test("a refresh within the grace", async () => {
    const { auth, store } = await refreshedInMemory(shared());
    store.writes = "done";
    const theirs = await place.client({ store }).auth.token();
    place.pass(1_000);
    expect(await auth.token()).toBe(theirs);
    expect(store.kept?.accessToken).toBe(theirs);
    place.pass(beyondGrace + lifetime);
    expect(await place.statusOf(await auth.token())).toBe(200);
  });
});

describe("a logout with a store that fails to remove the tokens", () => {
  test("ends the session on the server, and rejects with the error of the store", async () => {
    const store = new FailingStore();
    const { auth } = await place.signedIn({ store });
    const failures = failuresOf({ auth });
    const ends: SessionEnd[] = [];
    auth.onSessionEnd((end) => void ends.push(end));
    const left = store.kept;
    store.writes = "refused";
    await expect(auth.logout()).rejects.toBe(store.full);
    expect(await place.statusOf(String(left?.accessToken))).toBe(401);
    expect(await place.refreshStatusOf(left?.refreshToken)).toBe(401);
    expect(failures).toEqual([{ action: "forget", error: store.full }]);
    expect(ends).toEqual([{ reason: "logout" }]);
    await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  });

  test("removes them later", async () => {
    const store = new FailingStore();
    const { auth } = await place.signedIn({ store });
    store.writes = "refused";
    await auth.logout().catch(() => {});
    store.writes = "done";
    place.pass(1_000);
    await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
    expect(store.kept).toBeUndefined();
  });

  test("leaves the next login of another tab alone", async () => {
    const store = shared();
    const { auth } = await place.signedIn({ store });
    store.writes = "refused";
    await auth.logout().catch(() => {});
    store.writes = "done";
    const { accessToken } = await place.client({ store }).auth.login(bob);
    place.pass(1_000);
    expect(await auth.token()).toBe(accessToken);
    expect(store.kept?.accessToken).toBe(accessToken);
  });

  test("ends the session even if the store cannot be read", async () => {
    const store = new FailingStore();
    const { auth } = await place.signedIn({ store });
    const token = String(store.kept?.accessToken);
    store.writes = "refused";
    store.readable = false;
    await expect(auth.logout()).rejects.toBe(store.full);
    expect(await place.statusOf(token)).toBe(401);
    await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  });
});

test("a refused session is over although its tokens cannot be removed", async () => {
  const store = new FailingStore();
  const { auth } = await place.signedIn({ store });
  const failures = failuresOf({ auth });
  await place.client({ token: await auth.token() }).auth.logout();
  place.pass(lifetime);
  store.writes = "refused";
  await expect(auth.token()).rejects.toMatchObject({ kind: "unauthorized" });
  await expect(auth.token()).rejects.toMatchObject({ kind: "signed_out" });
  expect(failures).toEqual([{ action: "forget", error: store.full }]);
});

describe("an unreadable store", () => {
  test("does not stop the use of a fresh token", async () => {
    const store = new FailingStore();
    const { auth } = await place.signedIn({ store });
    store.readable = false;
    expect(await auth.me()).toMatchObject({ username: "alice" });
  });

  test("stops a refresh, since another tab may have used its token", async () => {
    const store = new FailingStore();
    const { auth, tap } = await place.signedIn({ store });
    store.readable = false;
    place.pass(lifetime);
    await expect(auth.token()).rejects.toBe(store.broken);
    expect(tap.times("/auth/refresh")).toBe(0);
    store.readable = true;
    expect(await place.statusOf(await auth.token())).toBe(200);
  });

  test("during a refresh: the tokens stay in memory and are stored later", async () => {
    const store = shared();
    const { auth, tap } = await place.signedIn({ store });
    const failures = failuresOf({ auth });
    const before = store.kept;
    place.pass(lifetime);
    const held = tap.hold("/auth/refresh");
    const waiting = auth.token();
    await held.given;
    store.readable = false;
    held.release();
    const token = await waiting;
    expect(token).not.toBe(before?.accessToken);
    expect(store.kept).toEqual(before);
    expect(failures).toEqual([{ action: "keep", error: store.broken }]);
    store.readable = true;
    place.pass(1_000);
    expect(await auth.token()).toBe(token);
    expect(store.kept?.accessToken).toBe(token);
  });

  test("does not lose the tokens of a manual refresh", async () => {
    const store = new FailingStore();
    const { auth } = await place.signedIn({ store });
    const refreshToken = String(store.kept?.refreshToken);
    store.readable = false;
    const { accessToken } = await auth.refresh({ refreshToken });
    expect(await auth.token()).toBe(accessToken);
    store.readable = true;
    place.pass(1_000);
    expect(await auth.token()).toBe(accessToken);
    expect(store.kept?.accessToken).toBe(accessToken);
  });

  test("throws its error at the first read", async () => {
    const store = new FailingStore();
    store.readable = false;
    await expect(place.client({ store }).auth.token()).rejects.toBe(store.broken);
  });
});

test("without its folder, a session is in memory until the folder exists", async () => {
  const folder = join(mkdtempSync(join(tmpdir(), "latchkey-no-folder-")), "notes");
  const store = fileStore(join(folder, "session.json"));
  try {
    const seen = place.client({ store });
    const failures = failuresOf(seen);
    await seen.auth.login(alice);
    expect(failures).toMatchObject([{ action: "keep", error: { code: "ENOENT" } }]);
    place.pass(lifetime);
    const token = await seen.auth.token();
    mkdirSync(folder);
    place.pass(1_000);
    expect(await seen.auth.token()).toBe(token);
    expect(await store.get()).toMatchObject({ accessToken: token });
  } finally {
    rmSync(dirname(folder), { recursive: true });
  }
});
