import { beforeEach, describe, expect, test } from "vitest";
import type { AuditEventName } from "../../src/core/audit-events.ts";
import type { ClientState, RegisteredClient } from "../../src/core/oauth/registered-clients.ts";
import type { RegisteredResource } from "../../src/core/oauth/resources.ts";
import type { Store } from "../../src/store/store.ts";
import { event, now } from "./store-rows.ts";

const robot: RegisteredClient = {
  id: "robot",
  name: "Robot",
  redirectUris: [],
  credentials: [{ kind: "secret", hash: "first" }],
  grantTypes: ["client_credentials"],
  voucher: { by: "operator" },
  roles: [],
  scope: "",
  sessionId: "sid of robot",
  createdAt: now,
  blockedAt: null,
};
const added: ClientState = robot;
const document = "https://editor.example/client.json";
const unlisted: ClientState = { credentials: [], blockedAt: null };

const notes: RegisteredResource = {
  url: "https://notes.example/mcp",
  name: null,
  scopes: ["notes:read"],
  createdAt: now,
};

/** The contract of every store for changes of clients and resources that must find the state that was seen. */
export function seenStateContract(storeOf: () => Store, heard: () => AuditEventName[]): void {
  let store: Store;
  beforeEach(() => {
    store = storeOf();
  });

  const block = (id: string, seen?: ClientState) =>
    store.clients.block(id, id, event("client.blocked"), "next sid", seen);
  const unblock = (id: string, seen?: ClientState) =>
    store.clients.unblock(id, event("client.unblocked"), seen);
  const remove = (id: string, seen?: ClientState) => store.clients.remove(id, event("client.removed"), seen);
  const replaceSecret = (hash: string, seen?: ClientState) =>
    store.clients.replaceCredentials(
      "robot",
      robot.credentials,
      [{ kind: "secret", hash }],
      event("client.secret_replaced"),
      seen,
    );

  describe("a change of a client under the state that was seen", () => {
    beforeEach(async () => {
      await store.clients.add(robot, event("client.added"));
      heard().length = 0;
    });

    test.each([
      ["a block", () => block("robot", added)],
      ["a new secret", () => replaceSecret("second", added)],
      ["a removal", () => remove("robot", added)],
    ])("is made while the client has that state: %s", async (_name, change) => {
      expect(await change()).toBe(true);
      expect(heard()).toHaveLength(1);
    });

    test.each([
      ["a block", () => block("robot", { ...added, credentials: [{ kind: "none" }] })],
      ["a block of no added client", () => block("robot", unlisted)],
      ["a new secret", () => replaceSecret("second", { ...added, blockedAt: now - 1 })],
      ["a removal after a block", () => remove("robot", { ...added, blockedAt: now })],
      ["a removal after a new secret", () => remove("robot", { ...added, credentials: [{ kind: "none" }] })],
    ])("changes nothing of a client in another state: %s", async (_name, change) => {
      expect(await change()).toBe(false);
      expect(await store.clients.byId("robot")).toEqual(robot);
      expect(await store.revocations.after(0)).toEqual([]);
      expect(heard()).toEqual([]);
    });

    test("an unblock finds the block that was seen, not a later one", async () => {
      await block("robot");
      expect(await unblock("robot", { ...added, blockedAt: now - 1 })).toBe(false);
      expect(await unblock("robot", added)).toBe(false);
      expect(await unblock("robot", { ...added, blockedAt: now })).toBe(true);
      expect(await store.clients.isBlocked("robot")).toBe(false);
    });

    test("a block leaves no row of a client that was removed since", async () => {
      await remove("robot");
      expect(await block("robot", added)).toBe(false);
      expect(await store.clients.isBlocked("robot")).toBe(false);
      expect(heard()).toEqual(["client.removed"]);
    });

    test("of twenty concurrent ones, one is made", async () => {
      const changes = [() => remove("robot", added), () => block("robot", added)];
      const tries = Array.from({ length: 20 }, (_, at) => changes[at % 2]?.());
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
      expect(heard()).toHaveLength(1);
    });

    test("counts a client that describes itself as unblocked while it has no row", async () => {
      expect(await block(document, { credentials: [], blockedAt: now })).toBe(false);
      expect(await block(document, unlisted)).toBe(true);
      expect(await block(document, unlisted)).toBe(false);
      expect(await unblock(document, unlisted)).toBe(false);
      expect(await unblock(document, { credentials: [], blockedAt: now })).toBe(true);
      expect(heard()).toEqual(["client.blocked", "client.unblocked"]);
    });
  });

  describe("a change of a resource", () => {
    const add = (name: string) => store.resources.add({ ...notes, name }, event("resource.added"));
    const replace = (name: string, seen?: RegisteredResource) =>
      store.resources.replace({ ...notes, name }, event("resource.added"), seen);
    const removed = (seen?: RegisteredResource) =>
      store.resources.remove(notes.url, event("resource.removed"), seen);

    test("that must add one adds it once", async () => {
      const names = Array.from({ length: 20 }, (_, at) => `name ${at}`);
      const outcomes = await Promise.all(names.map(add));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      const name = names[outcomes.indexOf(true)];
      expect(await store.resources.list()).toEqual([{ ...notes, name }]);
      expect(heard()).toEqual(["resource.added"]);
    });

    test("that must replace one adds none", async () => {
      expect(await replace("one")).toBe(false);
      expect(await store.resources.list()).toEqual([]);
      await add("one");
      expect(await replace("two")).toBe(true);
      expect(await store.resources.list()).toEqual([{ ...notes, name: "two" }]);
    });

    test.each<[string, Partial<RegisteredResource>]>([
      ["another name", { name: "Notes" }],
      ["other scopes", { scopes: [] }],
      ["another time of its addition", { createdAt: now + 1 }],
    ])("changes nothing if the resource has %s than was seen", async (_name, change) => {
      await store.resources.put({ ...notes, ...change }, event("resource.added"));
      heard().length = 0;
      expect(await replace("two", notes)).toBe(false);
      expect(await removed(notes)).toBe(false);
      expect(await store.resources.list()).toEqual([{ ...notes, ...change }]);
      expect(heard()).toEqual([]);
    });

    test("is made while the resource has the state that was seen", async () => {
      await store.resources.put(notes, event("resource.added"));
      expect(await replace("two", notes)).toBe(true);
      expect(await removed({ ...notes, name: "two" })).toBe(true);
      expect(await store.resources.list()).toEqual([]);
    });

    test("of twenty concurrent ones under one state, one is made", async () => {
      await store.resources.put(notes, event("resource.added"));
      const tries = Array.from({ length: 20 }, (_, at) =>
        at % 2 === 0 ? replace(`name ${at}`, notes) : removed(notes),
      );
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
    });
  });
}
