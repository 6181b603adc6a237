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

/** Longer than the server takes a refresh token twice. */
const beyondGrace = 120_000;

let names = 0;
const shared = () => new FailingStore(`failing ${++names}`);

function failuresOf({ auth }: Pick<Seen, "auth">): StoreFailure[] {
  const failures: StoreFailure[] = [];
  auth.onStoreError((failure) => void failures.push(failure));
  return failures;
}

/** A client whose last refresh the store did not take. */
async function refreshedInMemory(store: FailingStore, writes: "refused" | "torn" = "refused") {
  const seen = await place.signedIn({ store });
  const failures = failuresOf(seen);
  place.pass(lifetime);
  store.writes = writes;
  const token = await seen.auth.token();
  return { ...seen, store, failures, token };
}

describe.each(["refused", "torn"] as const)("a write of refreshed tokens that is %s", (writes) => {
  test("leaves them in memory, and the session outlives the grace", async () => {
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

  test("is told once, with the error of the store", async () => {
    const { auth, store, failures } = await refreshedInMemory(new FailingStore(), writes);
    place.pass(1_000);
    await auth.token();
    expect(failures).toEqual([{ action: "keep", error: store.full }]);
  });
});

test("a write that failed is tried again by itself, at growing intervals", async () => {
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

test("calls in quick succession do not each try to write", async () => {
  const { auth, store } = await refreshedInMemory(new FailingStore());
  const refused = store.tries;
  for (let call = 0; call < 10; call++) await auth.token();
  expect(store.tries).toBe(refused);
});

test("a login that the store does not take is a login all the same", async () => {
  const store = new FailingStore();
  store.writes = "refused";
  const seen = place.client({ store });
  const failures = failuresOf(seen);
  expect(await seen.auth.login(alice)).toMatchObject({ username: "alice" });
  expect(await seen.auth.me()).toMatchObject({ username: "alice" });
  expect(failures).toEqual([{ action: "keep", error: store.full }]);
});

test("a login over a session that the store cannot replace is not undone by it", async () => {
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

test("a listener that has unsubscribed is told nothing more", async () => {
  const store = new FailingStore();
  const { auth } = await place.signedIn({ store });
  const failures: StoreFailure[] = [];
  auth.onStoreError((failure) => void failures.push(failure))();
  store.writes = "refused";
  await auth.login(alice);
  expect(failures).toEqual([]);
});

describe("another tab's change after a write that failed goes before", () => {
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

describe("a logout whose tokens the store does not forget", () => {
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

  test("makes it forget them later", async () => {
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

  test("is over where the store cannot even be read", async () => {
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

test("a session that the server ended is over, though the store does not forget its tokens", async () => {
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

describe("a store that cannot be read", () => {
  test("does not stop the use of a token that is still fresh", async () => {
    const store = new FailingStore();
    const { auth } = await place.signedIn({ store });
    store.readable = false;
    expect(await auth.me()).toMatchObject({ username: "alice" });
  });

  test("stops a refresh, whose token another tab may have used", async () => {
    const store = new FailingStore();
    const { auth, tap } = await place.signedIn({ store });
    store.readable = false;
    place.pass(lifetime);
    await expect(auth.token()).rejects.toBe(store.broken);
    expect(tap.times("/auth/refresh")).toBe(0);
    store.readable = true;
    expect(await place.statusOf(await auth.token())).toBe(200);
  });

  test("since the refresh was sent: the answer is kept in memory and stored later", async () => {
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

  test("does not lose what a refresh by hand brings", async () => {
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

  test("at the very first look, throws its error", async () => {
    const store = new FailingStore();
    store.readable = false;
    await expect(place.client({ store }).auth.token()).rejects.toBe(store.broken);
  });
});

test("a file in a folder that is not there: the session is in memory until it is", async () => {
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
