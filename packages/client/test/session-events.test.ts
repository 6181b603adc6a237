import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type AuthClient,
  type ClientOptions,
  memoryStore,
  type SessionEnd,
  type TokenStore,
} from "../src/index.ts";
import { alice, bob, lifetime, type World, world } from "./session-world.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** A client that records the events of its session. */
function listening(options: ClientOptions) {
  const { auth, tap } = place.client(options);
  const events: string[] = [];
  const ends: SessionEnd[] = [];
  auth.onSessionEnd((end) => {
    events.push(end.reason);
    ends.push(end);
  });
  auth.onSessionStart(() => void events.push("start"));
  return { auth, tap, events, ends };
}

/** Two clients of one store, as two tabs without messages between them. Both have seen alice's session. */
async function twoTabs(store: TokenStore = memoryStore()) {
  const [one, two] = [listening({ store }), listening({ store })];
  await one.auth.login(alice);
  await two.auth.me();
  for (const { events } of [one, two]) events.length = 0;
  two.tap.requests.length = 0;
  return { one, two, store };
}

const calls: Readonly<Record<string, (auth: AuthClient) => Promise<unknown>>> = {
  token: (auth) => auth.token(),
  fetch: (auth) => auth.fetch(place.server.url),
  me: (auth) => auth.me(),
};

describe.each(Object.entries(calls))("%s in another tab", (name, call) => {
  test("finds a logout: one event, and no request without a token", async () => {
    const { one, two } = await twoTabs();
    await one.auth.logout();
    for (let time = 0; time < 3; time++) await call(two.auth).catch(() => {});
    expect(one.events).toEqual(["logout"]);
    expect(two.events).toEqual(["elsewhere"]);
    // `me` is sent, because a server may answer it without a token.
    if (name !== "me") expect(two.tap.requests).toEqual([]);
  });

  test("finds tokens that were removed by hand", async () => {
    const { one, two, store } = await twoTabs();
    await store.set(undefined);
    for (const { auth } of [one, two]) await call(auth).catch(() => {});
    expect([one.events, two.events]).toEqual([["elsewhere"], ["elsewhere"]]);
  });

  test("finds a session that the server has ended, after the first tab", async () => {
    const { one, two } = await twoTabs();
    await place.client().auth.logout({ token: await one.auth.token() });
    place.pass(lifetime);
    for (const tab of [one, two, one, two]) await call(tab.auth).catch(() => {});
    expect(one.events).toEqual(["refused"]);
    expect(one.ends[0]?.error).toMatchObject({ kind: "unauthorized" });
    expect(two.events).toEqual(["elsewhere"]);
  });
});

test("two tabs without locks that are refused at the same time both fire once", async () => {
  vi.stubGlobal("navigator", {});
  try {
    const { one, two } = await twoTabs();
    await place.client().auth.logout({ token: await one.auth.token() });
    place.pass(lifetime);
    await Promise.allSettled([one.auth.token(), two.auth.token(), one.auth.me(), two.auth.me()]);
    expect([one.tap.times("/auth/refresh"), two.tap.times("/auth/refresh")]).toEqual([1, 1]);
    expect([one.events, two.events]).toEqual([["refused"], ["refused"]]);
  } finally {
    vi.unstubAllGlobals();
  }
});

test("a tab that has only just opened knows the session that it found", async () => {
  const { one, store } = await twoTabs();
  let reads = 0;
  const get = () => {
    reads++;
    return store.get();
  };
  const fresh = listening({ store: { ...store, get } });
  await vi.waitUntil(() => reads > 0);
  await one.auth.logout();
  await fresh.auth.token().catch(() => {});
  expect(fresh.events).toEqual(["elsewhere"]);
});

test("a tab without a session fires no end", async () => {
  const { auth, events } = listening({});
  await auth.token().catch(() => {});
  await auth.logout({ token: "none" }).result();
  expect(events).toEqual([]);
});

describe("onSessionStart", () => {
  test("fires for each login, and for no refresh", async () => {
    const { auth, events } = listening({});
    await auth.login(alice);
    place.pass(lifetime);
    await auth.token();
    await auth.logout();
    await auth.login(bob);
    expect(events).toEqual(["start", "logout", "start"]);
  });

  test("fires in another tab that finds a login, or another user", async () => {
    const { one, two } = await twoTabs();
    place.pass(1);
    await one.auth.login(bob);
    expect(await two.auth.me()).toMatchObject({ username: "bob" });
    await one.auth.logout();
    await two.auth.token().catch(() => {});
    await one.auth.login(alice);
    expect(await two.auth.me()).toMatchObject({ username: "alice" });
    expect(two.events).toEqual(["start", "elsewhere", "start"]);
  });

  test("does not fire for the refresh of another tab", async () => {
    const { one, two } = await twoTabs();
    place.pass(lifetime);
    await one.auth.token();
    await two.auth.token();
    expect([one.events, two.events]).toEqual([[], []]);
  });

  test("does not fire for the session that a page finds when it opens", async () => {
    const { store } = await twoTabs();
    const { auth, events } = listening({ store });
    await auth.me();
    expect(events).toEqual([]);
  });

  test("does not fire twice if a store leaves out the time of the login", async () => {
    const kept = memoryStore();
    const { auth, events } = listening({
      store: {
        get: kept.get,
        set: (tokens) => kept.set(tokens && { ...tokens, signedInAt: undefined }),
      },
    });
    await auth.login(alice);
    await auth.token();
    place.pass(lifetime);
    await auth.token();
    expect(events).toEqual(["start"]);
  });

  test("a removed listener is not called", async () => {
    const { auth } = place.client();
    let starts = 0;
    auth.onSessionStart(() => void starts++)();
    await auth.login(alice);
    expect(starts).toBe(0);
  });
});

describe("a store whose watch", () => {
  test("throws: each listener is refused with its error, and none is added", async () => {
    const watch = () => {
      throw new Error("no watch");
    };
    const { auth } = place.client({ store: { ...memoryStore(), watch } });
    let events = 0;
    expect(() => auth.onSessionStart(() => void events++)).toThrow("no watch");
    expect(() => auth.onSessionStart(() => void events++)).toThrow("no watch");
    await auth.login(alice);
    expect(events).toBe(0);
  });

  test("cannot be stopped does not keep close() from aborting calls", async () => {
    const watch = () => () => {
      throw new Error("no stop");
    };
    const fetch = () => new Promise<Response>(() => {});
    const { auth } = place.client({ store: { ...memoryStore(), watch }, fetch });
    auth.onSessionStart(() => {});
    const call = auth.me();
    await auth[Symbol.asyncDispose]();
    await expect(call).rejects.toMatchObject({ kind: "aborted" });
  });
});
