import { describe, expect, test } from "vitest";
import type { AuditEventName } from "../../src/core/audit-events.ts";
import type { ChangedUser, LocalUser } from "../../src/core/people/users.ts";
import type { Store } from "../../src/store/store.ts";
import { event, keysOf, now, session, user } from "./store-rows.ts";

/** The contract of the users table about changes by an administrator. The store has the user `alice`. */
export function userChangesContract(storeOf: () => Store, heard: () => AuditEventName[]): void {
  const users = () => storeOf().users;

  async function rowOf(id = "user:alice"): Promise<LocalUser> {
    const row = await users().byId(id);
    if (row === undefined) throw new Error(`${id} is gone`);
    return row;
  }

  const changed = async (values: Partial<ChangedUser>): Promise<ChangedUser> => ({
    ...(await rowOf()),
    ...values,
  });
  const changes = [event("user.changed")];

  describe("changes of users", () => {
    test("write names, roles and marks, raise the version and end no session", async () => {
      await storeOf().sessions.open(session("s1"), 0, event("login.succeeded"));
      const values = {
        ...{
          username: "Alicia",
          usernameKey: "alicia",
          email: "new@example.com",
          emailKey: "new@example.com",
        },
        ...{ displayName: "Alicia A.", roles: ["editor"], mustChangePassword: true, emailVerifiedAt: now },
      };
      expect(await users().change(await changed(values), changes, { version: 0 })).toBe("changed");
      const { usernameKey: _, emailKey: __, ...written } = values;
      expect(await rowOf()).toMatchObject({ ...written, id: "user:alice", version: 1, revision: 0 });
      expect(await users().byName(keysOf("alicia"))).toBeDefined();
      expect(await users().byName(keysOf("alice"))).toBeUndefined();
      expect((await storeOf().sessions.byId("s1"))?.endedAt).toBeNull();
      expect(heard()).toEqual(["login.succeeded", "user.changed"]);
    });

    test("a key that is left out stays", async () => {
      expect(await users().change(await changed({ roles: [] }), changes)).toBe("changed");
      expect(await users().byName(keysOf("alice@example.com"))).toMatchObject({ roles: [] });
    });

    test("of another version or an unknown user change nothing and write no event", async () => {
      const other = await changed({ roles: ["admin"] });
      expect(await users().change(other, changes, { version: 1 })).toBe("outdated");
      expect(await users().change(other, changes, { revision: 1 })).toBe("outdated");
      expect(await users().change({ ...other, id: "user:nobody" }, changes)).toBe("outdated");
      const terms = { version: 1 };
      const { id } = other;
      expect(await users().setPassword(id, "$new", event("user.password_changed"), terms)).toBe(false);
      expect(await users().setActive(id, false, event("user.disabled"), terms)).toBe(false);
      expect(await users().setActive(id, true, event("user.enabled"), terms)).toBe(false);
      expect(await users().remove(id, event("user.removed"), terms)).toBe(false);
      expect(await rowOf()).toMatchObject({ version: 0, revision: 0, roles: ["user"], active: true });
      expect(heard()).toEqual([]);
    });

    test("record an event of the version that was seen, and leave the row as it is", async () => {
      const { id } = await rowOf();
      expect(await users().record(id, event("user.unlocked"), { version: 1 })).toBe(false);
      expect(await users().record("user:nobody", event("user.unlocked"))).toBe(false);
      expect(heard()).toEqual([]);
      expect(await users().record(id, event("user.unlocked"), { version: 0 })).toBe(true);
      expect(await users().record(id, event("user.unlocked"))).toBe(true);
      expect(await rowOf()).toMatchObject({ version: 0, revision: 0 });
      expect(heard()).toEqual(["user.unlocked", "user.unlocked"]);
    });

    test("end the sessions of the version that was seen", async () => {
      const { sessions, revocations } = storeOf();
      await sessions.open(session("s1"), 0, event("login.succeeded"));
      const end = (version: number) => sessions.endAll("user:alice", event("sessions.ended"), { version });
      expect(await end(1)).toBe(false);
      expect((await sessions.byId("s1"))?.endedAt).toBeNull();
      expect(await revocations.after(0)).toEqual([]);
      expect(await end(0)).toBe(true);
      expect((await sessions.byId("s1"))?.endedAt).toBe(now);
      expect(await rowOf()).toMatchObject({ version: 0 });
      expect(heard()).toEqual(["login.succeeded", "sessions.ended"]);
    });

    test.each(["username", "email"] as const)("to the %s of another user are refused", async (field) => {
      await users().add(user("bob"), event("user.added"));
      const name = field === "email" ? "bob@example.com" : "bob";
      const values = await changed({ [field]: name, [`${field}Key`]: name });
      expect(await users().change(values, changes)).toBe(`${field}_taken`);
      expect(await rowOf()).toMatchObject({ version: 0, username: "alice", email: "alice@example.com" });
    });

    test("of twenty concurrent users to one name, one wins", async () => {
      const names = Array.from({ length: 20 }, (_, n) => `u${n}`);
      for (const name of names) await users().add(user(name), event("user.added"));
      const outcomes = await Promise.all(
        names.map(async (name) =>
          users().change(
            { ...(await rowOf(`user:${name}`)), username: "star", usernameKey: "star" },
            changes,
          ),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === "changed")).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "username_taken")).toHaveLength(19);
    });

    test("of twenty concurrent changes of one version, one wins", async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, async (_, n) =>
          users().change(await changed({ displayName: `Alice ${n}` }), changes, { version: 0 }),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === "changed")).toHaveLength(1);
      expect(await rowOf()).toMatchObject({ version: 1 });
    });

    test("leave the last administrator the role, and take it from another one", async () => {
      await users().change(await changed({ roles: ["admin"] }), changes);
      const demoted = await changed({ roles: ["user"] });
      expect(await users().change(demoted, changes, { last: "refuse" })).toBe("outdated");
      expect(
        await users().change({ ...demoted, roles: ["admin", "user"] }, changes, { last: "refuse" }),
      ).toBe("changed");
      await users().add({ ...user("root"), roles: ["admin"] }, event("user.added"));
      expect(await users().change(demoted, changes, { last: "refuse" })).toBe("changed");
    });

    test("concurrent demotions, disablings and removals of all administrators leave one", async () => {
      const names = Array.from({ length: 9 }, (_, n) => `a${n}`);
      for (const name of names) await users().add({ ...user(name), roles: ["admin"] }, event("user.added"));
      const rows = await Promise.all(names.map((name) => rowOf(`user:${name}`)));
      const refuse = { last: "refuse" } as const;
      const ways = [
        async (row: LocalUser) =>
          (await users().change({ ...row, roles: ["user"] }, changes, refuse)) === "changed",
        (row: LocalUser) => users().setActive(row.id, false, event("user.disabled"), refuse),
        (row: LocalUser) => users().remove(row.id, event("user.removed"), refuse),
      ];
      const made = await Promise.all(
        rows.map(async (row, n) => {
          const login = storeOf().sessions.open(session(`s${n}`, row.id), 0, event("login.succeeded"));
          const change = await ways[n % 3]?.(row);
          await login;
          return change;
        }),
      );
      expect(made.filter(Boolean)).toHaveLength(8);
      const left = (await users().list()).filter(({ active, roles }) => active && roles.includes("admin"));
      expect(left).toHaveLength(1);
    });

    test("a new password raises version and revision, with time and mark", async () => {
      const terms = { mustChange: true, emailVerifiedAt: now + 1 };
      await users().setPassword("user:alice", "$new", event("user.password_changed"), terms);
      expect(await rowOf()).toMatchObject({
        ...{ version: 1, revision: 1, passwordHash: "$new", mustChangePassword: true },
        ...{ passwordChangedAt: now, emailVerifiedAt: now + 1 },
      });
      await users().setPassword("user:alice", "$newer", event("user.password_changed"));
      expect(await rowOf()).toMatchObject({ mustChangePassword: false, emailVerifiedAt: now + 1 });
    });

    test("a new password ends every session but the one that is kept", async () => {
      for (const id of ["s1", "s2"]) await storeOf().sessions.open(session(id), 0, event("login.succeeded"));
      await users().setPassword("user:alice", "$new", event("user.password_changed"), { keepSession: "s1" });
      expect((await storeOf().sessions.live(now)).map(({ id }) => id)).toEqual(["s1"]);
    });

    test("the opening of a session sets the last login, and leaves the version", async () => {
      expect(await rowOf()).toMatchObject({ lastLoginAt: null });
      await storeOf().sessions.open({ ...session("s1"), createdAt: now + 7 }, 0, event("login.succeeded"));
      expect(await rowOf()).toMatchObject({ lastLoginAt: now + 7, version: 0 });
      await storeOf().sessions.open({ ...session("s2"), createdAt: now + 9 }, 1, event("login.succeeded"));
      expect(await rowOf()).toMatchObject({ lastLoginAt: now + 7 });
    });

    test("fifty concurrent logins of one user all open a session", async () => {
      const opened = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          storeOf().sessions.open(session(`s${n}`), 0, event("login.succeeded")),
        ),
      );
      expect(opened.every(Boolean)).toBe(true);
    });
  });

  describe("ids of users", () => {
    test("are given once: neither to two users, nor again after a removal", async () => {
      const again = { ...user("bob"), id: "user:alice" };
      expect(await users().add(again, event("user.added"))).toBe("id_taken");
      await storeOf().sessions.open(session("s1"), 0, event("login.succeeded"));
      await users().remove("user:alice", event("user.removed"));
      expect(await users().add(user("alice"), event("user.added"))).toBe("id_taken");
      await storeOf().finishEndings(now);
      expect(await users().add(user("alice"), event("user.added"))).toBe("id_taken");
      expect(await users().addFirst(user("alice"), event("user.added"))).toBe(false);
      expect(await users().add({ ...user("alice"), id: "user:alice~2" }, event("user.added"))).toBe("added");
    });
  });
}
