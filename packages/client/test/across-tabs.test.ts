import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { acrossTabs } from "../src/browser.ts";
import { type AuthClient, memoryStore, type TokenStore } from "../src/index.ts";
import { alice, bob, lifetime, type World, world } from "./session-world.ts";
import { storeContract } from "./store-contract.ts";

let place: World;
beforeAll(async () => {
  place = await world();
});
afterAll(() => place[Symbol.asyncDispose]());

let names = 0;
const named = (): TokenStore => ({ name: `across ${++names}`, ...memoryStore() });

/** Clients that listen, as in tabs of a browser. Node has the same channels. */
const open: AuthClient[] = [];
afterEach(() => {
  for (const auth of open.splice(0)) auth.close();
});
function tab(store: TokenStore) {
  const { auth, tap } = place.client({ store: acrossTabs(store) });
  open.push(auth);
  const events: string[] = [];
  auth.onSessionEnd(({ reason }) => void events.push(reason));
  auth.onSessionStart(() => void events.push("start"));
  return { auth, tap, events };
}

/** Resolves after a channel has delivered everything that was posted before. */
async function delivered({ name }: TokenStore): Promise<void> {
  const [to, from] = [new BroadcastChannel(`latchkey ${name}`), new BroadcastChannel(`latchkey ${name}`)];
  const { promise, resolve } = Promise.withResolvers<void>();
  to.onmessage = () => resolve();
  from.postMessage("last");
  await promise;
  to.close();
  from.close();
}

storeContract("acrossTabs", () => acrossTabs(named()));

test("a store without a name is refused", () => {
  expect(() => acrossTabs(memoryStore())).toThrow(
    new TypeError("acrossTabs needs a store with a name: tabs with the same name share it"),
  );
});

describe("without a call of its own, another tab hears of", () => {
  test("a login and a logout", async () => {
    const store = named();
    const [one, two, three] = [tab(store), tab(store), tab(store)];
    await one.auth.login(alice);
    for (const { events } of [one, two, three]) await vi.waitUntil(() => events.length === 1);
    await two.auth.logout();
    for (const { events } of [one, two, three]) await vi.waitUntil(() => events.length === 2);
    await delivered(store);
    expect(one.events).toEqual(["start", "elsewhere"]);
    expect(two.events).toEqual(["start", "logout"]);
    expect(three.events).toEqual(["start", "elsewhere"]);
    expect(three.tap.requests).toEqual([]);
  });

  test("a login of another user", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const store = named();
      const [one, two] = [tab(store), tab(store)];
      await one.auth.login(alice);
      await vi.waitUntil(() => two.events.length === 1);
      place.pass(1);
      await one.auth.login(bob);
      await vi.waitUntil(() => two.events.length === 2);
      expect(two.events).toEqual(["start", "start"]);
      expect(await two.auth.me()).toMatchObject({ username: "bob" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("a session that the server has ended, and a refresh causes no event", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const store = named();
      const [one, two] = [tab(store), tab(store)];
      await one.auth.login(alice);
      await vi.waitUntil(() => two.events.length === 1);
      place.pass(lifetime);
      const token = await one.auth.token();
      await delivered(store);
      expect(two.events).toEqual(["start"]);
      await place.client().auth.logout({ token });
      place.pass(lifetime);
      await one.auth.token().catch(() => {});
      await vi.waitUntil(() => two.events.length === 2);
      expect([one.events, two.events]).toEqual([
        ["start", "refused"],
        ["start", "elsewhere"],
      ]);
    } finally {
      vi.useRealTimers();
    }
  });
});

test("no token travels over the channel", async () => {
  const store = named();
  const heard: unknown[] = [];
  const channel = new BroadcastChannel(`latchkey ${store.name}`);
  channel.onmessage = ({ data }) => heard.push(data);
  try {
    const { auth } = tab(store);
    await auth.login(alice);
    await auth.logout();
    await vi.waitUntil(() => heard.length === 2);
    expect(heard).toEqual([null, null]);
  } finally {
    channel.close();
  }
});

describe("after close()", () => {
  test("a client hears nothing more, and its relatives neither", async () => {
    const store = named();
    const [one, two] = [tab(store), tab(store)];
    const related = two.auth.with({ timeout: 1_000 });
    related.onSessionStart(() => void two.events.push("related start"));
    related.close();
    two.auth.onSessionStart(() => void two.events.push("late listener"));
    await one.auth.login(alice);
    await delivered(store);
    expect(two.events).toEqual([]);
  });

  test("a client with another store hears nothing more either", async () => {
    const store = named();
    const { auth } = tab(named());
    const other = auth.with({ store: acrossTabs(store) });
    let starts = 0;
    other.onSessionStart(() => void starts++);
    auth.close();
    await tab(store).auth.login(alice);
    await delivered(store);
    expect(starts).toBe(0);
  });
});

test("a change that the store refuses is not announced", async () => {
  const store = named();
  const heard: unknown[] = [];
  const channel = new BroadcastChannel(`latchkey ${store.name}`);
  channel.onmessage = ({ data }) => heard.push(data);
  try {
    const full = acrossTabs({
      ...store,
      set: () => {
        throw new Error("The disk is full");
      },
    });
    await expect(full.set(undefined)).rejects.toThrow("The disk is full");
    await delivered(store);
    expect(heard).toEqual(["last"]);
  } finally {
    channel.close();
  }
});

describe.each([
  ["are missing", undefined],
  [
    "are forbidden",
    class {
      constructor() {
        throw new DOMException("The operation is insecure", "SecurityError");
      }
    },
  ],
])("if channels %s", (_how, channels) => {
  beforeEach(() => void vi.stubGlobal("BroadcastChannel", channels));
  afterEach(() => void vi.unstubAllGlobals());

  test("a tab learns of a logout at its next call", async () => {
    const store = named();
    const [one, two] = [tab(store), tab(store)];
    await one.auth.login(alice);
    await two.auth.me();
    await one.auth.logout();
    await two.auth.token().catch(() => {});
    expect(two.events).toEqual(["start", "elsewhere"]);
  });
});

test("a process that listens and does not close its client ends by itself", async () => {
  const script = join(import.meta.dirname, "across-tabs-process.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
  expect(stdout).toBe("signed_out\n");
});

test("a store whose watch throws leaves no open channel", async () => {
  const store = named();
  const opened: string[] = [];
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      constructor(name: string) {
        opened.push(name);
      }
    },
  );
  try {
    const watch = () => {
      throw new Error("no watch");
    };
    expect(() => acrossTabs({ ...store, watch }).watch?.(() => {})).toThrow("no watch");
    expect(opened).toEqual([]);
  } finally {
    vi.unstubAllGlobals();
  }
});

test("messages of a foreign script cause no event, whatever they say", async () => {
  const store = named();
  const { auth, events } = tab(store);
  await auth.login(alice);
  await vi.waitUntil(() => events.length === 1);
  const channel = new BroadcastChannel(`latchkey ${store.name}`);
  try {
    for (const data of ["logout", undefined, { accessToken: "forged" }, [null]]) channel.postMessage(data);
    await delivered(store);
    expect(await auth.me()).toMatchObject({ username: "alice" });
    expect(events).toEqual(["start"]);
  } finally {
    channel.close();
  }
});
