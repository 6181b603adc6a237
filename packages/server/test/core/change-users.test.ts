import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { operator } from "../../src/core/audit-events.ts";
import { type Power, powers } from "../../src/core/people/powers.ts";
import type { ChangeOptions, PersonChange, UserChanges } from "../../src/core/people/user-changes.ts";
import type { UserRecord } from "../../src/core/people/users.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import type { DurableEvent } from "../../src/store/tables/audit.ts";
import { session } from "../store/store-rows.ts";
import { userChangesOf } from "./people-of.ts";

const time = 1_700_000_000_000;
const password = "correct horse battery";

let store: Store;
let changes: UserChanges;
let events: DurableEvent[];
let forgotten: string[];
let polls: number;

beforeEach(async () => {
  events = [];
  forgotten = [];
  polls = 0;
  store = await openStore({ place: { engine: "memory" }, onAudit: (event) => events.push(event) });
  changes = userChangesOf(store, {
    clock: () => time,
    notices: "en",
    refuseEnded: async () => void polls++,
    forgetFailures: async (account) => void forgotten.push(account),
  });
  for (const [username, roles] of [
    ["root", ["admin"]],
    ["alice", ["user"]],
    ["vera", ["auditor"]],
  ] as const)
    await changes.add(personOf(username, roles), { by: operator });
  events.length = 0;
});
afterEach(() => store.close());

const personOf = (username: string, roles: readonly string[] = ["user"]) => ({
  ...{ username, email: `${username}@example.com`, displayName: null, roles, password },
});
const root: ChangeOptions = { by: { address: "192.0.2.1", requestId: "r1", actor: "user:root" } };
const support: ChangeOptions = {
  by: { ...root.by, actor: "user:sue" },
  held: new Set<Power>(["users:write"]),
};
const heard = () => events.map(({ name, reason }) => (reason === undefined ? name : `${name} ${reason}`));

test("a user is added with the values that were asked for, and without secrets", async () => {
  const asked = { ...personOf("bob"), displayName: "Bob", emailVerified: true, mustChange: true };
  expect(await changes.add(asked, root)).toEqual({
    ...{ id: "user:bob", username: "bob", email: "bob@example.com", displayName: "Bob", roles: ["user"] },
    ...{ active: true, version: 0, createdAt: time, lastLoginAt: null, passwordChangedAt: null },
    ...{ emailVerifiedAt: time, mustChangePassword: true },
  });
  expect(events).toMatchObject([{ name: "user.added", subject: "user:bob", actor: "user:root" }]);
});

describe("a change", () => {
  test.each<[PersonChange, Partial<UserRecord>, string[]]>([
    [{ username: " Alicia " }, { username: "Alicia" }, ["name"]],
    [{ displayName: "Alice A." }, { displayName: "Alice A." }, ["name"]],
    [{ email: "a@example.org" }, { email: "a@example.org", emailVerifiedAt: null }, ["email"]],
    [
      { email: "a@example.org", emailVerified: true },
      { email: "a@example.org", emailVerifiedAt: time },
      ["email", "email_verified"],
    ],
    [{ roles: ["editor", "editor"] }, { roles: ["editor"] }, ["roles"]],
    [{ emailVerified: true }, { emailVerifiedAt: time }, ["email_verified"]],
    [{ mustChange: true }, { mustChangePassword: true }, ["must_change_password"]],
  ])("%j is written with one event for each reason", async (change, expected, reasons) => {
    const before = await changes.byId("user:alice");
    expect(await changes.change("user:alice", change, root)).toEqual({ ...before, ...expected, version: 1 });
    expect(heard()).toEqual(reasons.map((reason) => `user.changed ${reason}`));
    expect(events.every(({ subject, actor }) => subject === "user:alice" && actor === "user:root")).toBe(
      true,
    );
  });

  test("that changes nothing writes nothing", async () => {
    const before = await changes.byId("user:alice");
    const same = { username: "alice", email: "alice@example.com", roles: ["user"], emailVerified: false };
    expect(await changes.change("user:alice", same, root)).toEqual(before);
    expect(events).toEqual([]);
  });

  test("of the address makes it unconfirmed, but another spelling of it does not", async () => {
    await changes.change("user:alice", { emailVerified: true }, root);
    expect(await changes.change("user:alice", { email: "ALICE@example.com" }, root)).toMatchObject({
      emailVerifiedAt: time,
    });
    expect(await changes.change("user:alice", { email: "other@example.com" }, root)).toMatchObject({
      emailVerifiedAt: null,
    });
  });

  test("of the address announces it at the old one, and outdates the links", async () => {
    const link = { id: "l1", purpose: "reset", userId: "user:alice", revision: 0, roles: null } as const;
    const uninvited = { invitedBy: null, invitedWith: null };
    const times = { createdAt: time, expiresAt: time + 1 };
    await store.links.add({ ...link, ...uninvited, email: "alice@example.com", ...times }, [], []);
    await changes.change("user:alice", { email: "new@example.com" }, root);
    const {
      mails: [mail],
    } = await store.outbox.claim({ at: time, lease: 1, most: 10 });
    expect(mail).toMatchObject({
      recipient: "alice@example.com",
      content: { kind: "email_changed", newAddress: "new@example.com" },
    });
    expect(await store.links.byId("l1")).toBeUndefined();
  });

  test.each<[PersonChange, string]>([
    [{ username: "vera" }, "username_taken"],
    [{ username: "VERA" }, "username_taken"],
    [{ email: "vera@example.com" }, "email_taken"],
    [{ username: "a b" }, "validation_error"],
    [{ email: "nobody" }, "validation_error"],
    [{ displayName: "a\u0007" }, "validation_error"],
    [{ roles: ["a b"] }, "validation_error"],
  ])("%j is refused as %s, and changes nothing", async (change, code) => {
    await expect(changes.change("user:alice", change, root)).rejects.toMatchObject({ code });
    expect(await changes.byId("user:alice")).toMatchObject({ version: 0 });
    expect(events).toEqual([]);
  });

  test.each<[string, (options: ChangeOptions) => Promise<unknown>]>([
    ["a change", (options) => changes.change("user:alice", { displayName: "A" }, options)],
    ["a new password", (options) => changes.setPassword("user:alice", password, options)],
    ["disabling", (options) => changes.setActive("user:alice", false, options)],
    ["enabling", (options) => changes.setActive("user:alice", true, options)],
    ["a removal", (options) => changes.remove("user:alice", options)],
    ["an erasure", (options) => changes.erase("user:alice", options)],
  ])("%s of another version is refused", async (_, change) => {
    await expect(change({ ...root, expectedVersion: 7 })).rejects.toMatchObject({
      code: "precondition_failed",
    });
    expect(events).toEqual([]);
    await change({ ...root, expectedVersion: 0 });
    expect(events.length).toBeGreaterThan(0);
  });

  test("twenty at once without a version are made in turn, or get a conflict", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => changes.change("user:alice", { displayName: `A${n}` }, root)),
    );
    const made = outcomes.filter(({ status }) => status === "fulfilled").length;
    expect(await changes.byId("user:alice")).toMatchObject({ version: made });
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "conflict" });
  });
});

describe("the last active administrator", () => {
  test.each<[string, (options: ChangeOptions) => Promise<unknown>]>([
    ["lose the role", (options) => changes.change("user:root", { roles: ["user"] }, options)],
    ["be disabled", (options) => changes.setActive("user:root", false, options)],
    ["be removed", (options) => changes.remove("user:root", options)],
    ["be erased", (options) => changes.erase("user:root", options)],
  ])("can %s only if the caller insists", async (_, change) => {
    await expect(change({ by: operator })).rejects.toMatchObject({ code: "last_administrator" });
    expect(events).toEqual([]);
    await change({ by: operator, last: "go on" });
    expect(events).toHaveLength(1);
  });

  test.each<[string, (options: ChangeOptions) => Promise<unknown>]>([
    ["disable", (options) => changes.setActive("user:root", false, options)],
    ["remove", (options) => changes.remove("user:root", options)],
    ["erase", (options) => changes.erase("user:root", options)],
  ])("cannot %s the own account, beside other ones either", async (_, change) => {
    await changes.change("user:alice", { roles: ["admin"] }, root);
    await expect(change(root)).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("a caller who may not change roles", () => {
  test("sets no roles, neither of a new user nor of another one", async () => {
    await expect(changes.add(personOf("bob", ["editor"]), support)).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await changes.add(personOf("bob"), support)).toMatchObject({ roles: ["user"] });
    await expect(changes.change("user:bob", { roles: ["admin"] }, support)).rejects.toMatchObject({
      code: "forbidden",
    });
    const kept = { roles: ["user"], displayName: "Bob" };
    expect(await changes.change("user:bob", kept, support)).toMatchObject({ displayName: "Bob" });
  });

  test.each<[string, (id: string) => Promise<unknown>]>([
    ["changes", (id) => changes.change(id, { email: "mine@example.com" }, support)],
    ["sets the password of", (id) => changes.setPassword(id, password, support)],
    ["disables", (id) => changes.setActive(id, false, support)],
    ["enables", (id) => changes.setActive(id, true, support)],
    ["removes", (id) => changes.remove(id, support)],
    ["erases", (id) => changes.erase(id, support)],
    ["unlocks", (id) => changes.unlock(id, support)],
    ["ends the sessions of", (id) => changes.endSessions(id, support)],
    ["exports", (id) => changes.exportUser(id, support)],
  ])("never %s an account that administers Latchkey", async (_, change) => {
    for (const id of ["user:root", "user:vera"])
      await expect(change(id)).rejects.toMatchObject({ code: "protected_account" });
    expect(events).toEqual([]);
    await change("user:alice");
  });

  test("changes nothing if the user becomes an administrator before the commit", async () => {
    const { users } = store;
    let promoted = false;
    const slow = userChangesOf(store, {
      users: {
        ...users,
        async setPassword(...given) {
          if (!promoted) await changes.change("user:alice", { roles: ["admin"] }, root);
          promoted = true;
          return users.setPassword(...given);
        },
      },
    });
    await expect(slow.setPassword("user:alice", "a stolen account", support)).rejects.toMatchObject({
      code: "protected_account",
    });
    expect(heard()).toEqual(["user.changed roles"]);
  });

  test.each<[string, (slow: UserChanges) => Promise<unknown>]>([
    ["unlocks", (slow) => slow.unlock("user:alice", support)],
    ["ends the sessions of", (slow) => slow.endSessions("user:alice", support)],
  ])("never %s a user who becomes an administrator before the commit", async (_, change) => {
    await store.sessions.open(session("s1"), 0, { name: "login.succeeded", at: time, address: "test" });
    events.length = 0;
    const { users, sessions } = store;
    const promote = () => changes.change("user:alice", { roles: ["admin"] }, root);
    const slow = userChangesOf(store, {
      users: {
        ...users,
        async record(...given) {
          await promote();
          return users.record(...given);
        },
      },
      sessions: {
        ...sessions,
        async endAll(...given) {
          await promote();
          return sessions.endAll(...given);
        },
      },
      forgetFailures: async (account) => void forgotten.push(account),
    });
    await expect(change(slow)).rejects.toMatchObject({ code: "protected_account" });
    expect(heard()).toEqual(["user.changed roles"]);
    expect(forgotten).toEqual([]);
    expect(await store.sessions.countLive("user:alice", time)).toBe(1);
  });

  test("ends no session of a user without one, and says so", async () => {
    expect(await changes.endSessions("user:alice", support)).toBe(0);
    expect(await changes.endSessions("user:alice", root)).toBe(0);
    expect(heard()).toEqual([]);
  });

  test("may do all of it with every power", async () => {
    const held = new Set<Power>(powers);
    expect(await changes.change("user:vera", { roles: ["user"] }, { ...root, held })).toMatchObject({
      version: 1,
    });
  });
});

test("an unknown user is not found", async () => {
  for (const change of [
    changes.byId("user:nobody"),
    changes.byName("nobody"),
    changes.change("user:nobody", {}, root),
    changes.setPassword("user:nobody", password, root),
    changes.setActive("user:nobody", true, root),
    changes.remove("user:nobody", root),
    changes.erase("user:nobody", root),
    changes.unlock("user:nobody", root),
    changes.endSessions("user:nobody", root),
    changes.exportUser("user:nobody", root),
  ])
    await expect(change).rejects.toMatchObject({ code: "not_found" });
  expect(events).toEqual([]);
});

test.each([
  [operator, "operator"],
  [root.by, "administrator"],
])("a new password by %j ends every session and is announced to the user", async (by, reason) => {
  await store.sessions.open(session("s1"), 0, { name: "login.succeeded", at: time, address: "192.0.2.9" });
  events.length = 0;
  expect(
    await changes.setPassword("user:alice", "another of her words", { by, mustChange: true }),
  ).toMatchObject({
    ...{ mustChangePassword: true, passwordChangedAt: time, version: 1 },
  });
  expect(heard()).toEqual([`user.password_changed ${reason}`]);
  expect(await store.sessions.live(time, "user:alice")).toEqual([]);
  expect(polls).toBe(1);
  const {
    mails: [mail],
  } = await store.outbox.claim({ at: time, lease: 1, most: 10 });
  expect(mail).toMatchObject({ content: { kind: "password_changed" }, recipient: "alice@example.com" });
});

test("unlocking forgets the failures of the account, with an event", async () => {
  await changes.unlock("user:alice", root);
  expect(forgotten).toEqual(["user:alice"]);
  expect(events).toMatchObject([{ name: "user.unlocked", subject: "user:alice", actor: "user:root" }]);
});

test("a new user never gets the id of an earlier one", async () => {
  await changes.change("user:alice", { username: "alicia" }, root);
  const second = await changes.add({ ...personOf("alice"), email: "second@example.com" }, root);
  expect(second.id).toMatch(/^user:alice~[a-z2-7]{8}$/);
  await changes.remove(second.id, root);
  await changes.remove("user:alice", root);
  const third = await changes.add(personOf("alice"), root);
  expect(third.id).toMatch(/^user:alice~[a-z2-7]{8}$/);
  expect(third.id).not.toBe(second.id);
});

test("an erased user leaves a pseudonym, also if the removal came first", async () => {
  const erased = await changes.erase("user:alice", root);
  expect(erased).toMatch(/^erased:[\w-]{22}$/);
  await changes.remove("user:vera", root);
  expect(await changes.erase("user:vera", root)).not.toBe(erased);
  await store.erasures.rewrite(time);
  const { events: trail } = await store.events.recent({ limit: 100 });
  expect(JSON.stringify(trail)).not.toMatch(/alice|vera/);
  expect(trail.filter(({ name }) => name === "user.erased")).toMatchObject([
    { actor: "user:root" },
    { actor: "user:root", subject: erased },
  ]);
});

test("an export is one JSON document of everything, without hashes and secrets", async () => {
  const { users, sessions, links } = store;
  for (let n = 0; n < 1001; n++)
    await sessions.open({ ...session(`s${n}`), refreshHash: `secret-${n}` }, 0, {
      ...{ name: "login.succeeded", at: time, address: "192.0.2.9", subject: "user:alice" },
    });
  const link = {
    ...({ id: "link-id", purpose: "verify", userId: "user:alice", revision: 0, roles: null } as const),
    ...{ invitedBy: null, invitedWith: null, createdAt: time, expiresAt: time + 1 },
  };
  await links.add({ ...link, email: "alice@example.com" }, [], []);
  await changes.change("user:alice", { email: "new@example.com", displayName: "A" }, root);
  await links.add({ ...link, email: "new@example.com" }, [], []);
  const ofNobody = { id: "invitation-id", purpose: "sign_up", userId: null, revision: null } as const;
  const sent = { email: "carol@example.org", roles: ["user"], invitedBy: "user:alice" };
  await links.add({ ...link, ...ofNobody, ...sent }, [], []);
  const parts: string[] = await Array.fromAsync(await changes.exportUser("user:alice", root));
  const text = parts.join("");
  const document = JSON.parse(text);
  expect(document).toMatchObject({
    exported_at: "2023-11-14T22:13:20.000Z",
    user: {
      id: "user:alice",
      email: "new@example.com",
      display_name: "A",
      last_login_at: "2023-11-14T22:13:20.000Z",
    },
    links: [{ purpose: "verify", email: "new@example.com" }],
    invitations: [{ roles: ["user"], expires_at: "2023-11-14T22:13:20.001Z" }],
    password_failures: [],
    mails: [{ kind: "email_changed", details: { newAddress: "new@example.com" } }],
    authorizations: [],
    known_addresses: [],
  });
  expect(document.sessions).toHaveLength(1001);
  expect(document.audit_events[0]).toMatchObject({ name: "user.exported", actor: "user:root" });
  expect(document.audit_events).toHaveLength(1005);
  const { passwordHash } = (await users.byId("user:alice")) ?? { passwordHash: "?" };
  for (const secret of [passwordHash, "secret-", "link-id", "invitation-id", "$argon2"])
    expect(text).not.toContain(secret);
  expect(text).not.toContain("carol");
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(2000);
});

test("a removed user is exported by the id, until the erasure", async () => {
  await changes.change("user:alice", { email: "new@example.com" }, root);
  await changes.remove("user:alice", root);
  await expect(changes.exportUser("user:alice", support)).rejects.toMatchObject({
    code: "protected_account",
  });
  const parts = await Array.fromAsync(await changes.exportUser("user:alice", root));
  expect(JSON.parse(parts.join(""))).toMatchObject({
    user: { id: "user:alice" },
    mails: [{ kind: "email_changed", recipient: "alice@example.com" }],
    audit_events: [
      { name: "user.exported", subject: "user:alice" },
      { name: "user.removed" },
      { name: "user.changed" },
      { name: "user.added" },
    ],
  });
  await changes.erase("user:alice", root);
  events.length = 0;
  await expect(changes.exportUser("user:alice", root)).rejects.toMatchObject({ code: "not_found" });
  expect(events).toEqual([]);
});
