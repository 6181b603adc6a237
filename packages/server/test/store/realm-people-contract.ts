import { describe, expect, test } from "vitest";
import type { AuditEvent, AuditEventName } from "../../src/core/audit-events.ts";
import type { NewUser } from "../../src/core/people/users.ts";
import type { RealmAuthorization, RealmPerson } from "../../src/core/stories/realm-people.ts";
import type { Session } from "../../src/core/stories/sessions.ts";
import type { Store } from "../../src/store/store.ts";

const now = 1_700_000_000_000;
const day = 86_400_000;

const event = (name: AuditEventName): AuditEvent => ({ name, at: now, address: "test" });

const person = (id: string, change: Partial<RealmPerson> = {}): RealmPerson => ({
  id,
  username: "alice",
  email: "alice@example.com",
  displayName: "Alice of the realm",
  roles: ["admin"],
  issuer: "https://keycloak.example/realms/people",
  ...change,
});

const realmAuthorization = (codeHash: string, userId: string): RealmAuthorization => ({
  codeHash,
  userId,
  client: { id: "notes", name: "Notes", scope: "notes:read", resource: "https://notes.example/mcp" },
  redirectUri: "http://127.0.0.1:9999/callback",
  challenge: "c".repeat(43),
  addressBucket: "192.0.2.1",
  createdAt: now,
  expiresAt: now + 60_000,
});

/** A local user whose names a person of a realm has as well. */
const localAlice: NewUser = {
  id: "user:alice",
  username: "alice",
  usernameKey: "alice",
  email: "alice@example.com",
  emailKey: "alice@example.com",
  displayName: null,
  roles: ["admin"],
  passwordHash: "$argon2id$first",
};

/**
 * The contract of every store for people of a realm. Its users hold one local `alice`.
 *
 * @param session makes a session of a user
 */
export function realmPeopleContract(
  opened: () => Store,
  heard: () => readonly AuditEventName[],
  session: (id: string, userId: string) => Session,
): void {
  describe("people of a realm", () => {
    const people = () => opened().realmPeople;
    const allow = (id: string, codeHash: string, change: Partial<RealmPerson> = {}) =>
      people().allow(
        person(id, change),
        realmAuthorization(codeHash, id),
        "0.sealed",
        event("authorization.granted"),
      );

    test("are recorded with what they allowed, and described anew by each sign-in", async () => {
      expect(await allow("sub-1", "code-1")).toBe(true);
      expect(await allow("sub-1", "code-2", { roles: ["user"], email: "a@example.com" })).toBe(true);
      expect(heard()).toEqual(["authorization.granted", "authorization.granted"]);
      expect(await people().byId("sub-1")).toEqual({
        id: "sub-1",
        username: "alice",
        email: "a@example.com",
        displayName: "Alice of the realm",
        roles: ["user"],
        active: true,
      });
    });

    test("one code authorizes once", async () => {
      expect(await allow("sub-1", "code-1")).toBe(true);
      await expect(allow("sub-1", "code-1").catch(() => false)).resolves.toBe(false);
      expect(heard()).toEqual(["authorization.granted"]);
    });

    test("never take the place of a local user", async () => {
      expect(await allow("user:alice", "code-1", { roles: ["stolen"] })).toBe(false);
      expect(heard()).toEqual([]);
      expect(await opened().users.byId("user:alice")).toMatchObject({ roles: ["user"] });
      expect(await people().byId("user:alice")).toBeUndefined();
    });

    test("are unknown to everything that is about local users", async () => {
      const { users } = opened();
      await users.remove("user:alice", event("user.removed"));
      await allow("sub-1", "code-1");
      expect(await users.isEmpty()).toBe(true);
      expect(await users.list()).toEqual([]);
      expect(await users.byId("sub-1")).toBeUndefined();
      for (const key of ["alice", "alice@example.com", "realm sub-1"]) {
        const name = { key, older: [key, key] } as const;
        expect(await users.byName(name)).toBeUndefined();
        expect(await users.forSignIn(name, key)).toEqual({ holder: undefined, decoy: undefined });
      }
      expect(await users.addFirst({ ...localAlice, id: "user:alice~2" }, event("user.added"))).toBe(true);
    });

    test("are no administrators: the last local one stays", async () => {
      const { users } = opened();
      await users.add(
        { ...localAlice, id: "user:root", usernameKey: "root", emailKey: "r" },
        event("user.added"),
      );
      await allow("sub-1", "code-1");
      expect(await users.setActive("user:root", false, event("user.disabled"), { last: "refuse" })).toBe(
        false,
      );
      expect(await users.remove("user:root", event("user.removed"), { last: "refuse" })).toBe(false);
    });

    describe("the realm's tokens", () => {
      const open = async (sessionId: string, codeHash = `code of ${sessionId}`) => {
        await allow("sub-1", codeHash);
        const { authorizations } = opened();
        const authorization = await authorizations.byCode(codeHash);
        if (authorization === undefined) throw new Error("no authorization");
        expect(authorization).toMatchObject({ userId: "sub-1", revision: 0 });
        const { userId, client } = authorization;
        const opening = { ...session(sessionId, userId), client };
        expect(
          await authorizations.redeem(authorization, opening, now, [event("authorization.redeemed")]),
        ).toBe(true);
      };
      const end = (id: string) => opened().sessions.end(id, [event("session.ended")]);

      test("go from the authorization to its session", async () => {
        await open("s1");
        expect(await people().tokensOf("s1")).toBe("0.sealed");
        expect(await people().tokensOf("another")).toBeUndefined();
      });

      test("stay with no code that was redeemed", async () => {
        await allow("sub-1", "code-1");
        expect(await people().tokensOfCodes("sub-1")).toEqual(["0.sealed"]);
        expect(await people().tokensOfCodes("another")).toEqual([]);
        await open("s1", "code-2");
        expect(await people().tokensOfCodes("sub-1")).toEqual(["0.sealed"]);
        expect(await people().tokensOf("s1")).toBe("0.sealed");
      });

      test("stay with no code that has expired", async () => {
        await open("s1");
        await allow("sub-1", "code-1");
        await people().forgetTokensOfCodes(now + 60_000);
        expect(await people().tokensOfCodes("sub-1")).toEqual(["0.sealed"]);
        await people().forgetTokensOfCodes(now + 60_001);
        expect(await people().tokensOfCodes("sub-1")).toEqual([]);
        expect(await people().tokensOf("s1")).toBe("0.sealed");
      });

      test("are replaced by one of several concurrent callers", async () => {
        await open("s1");
        const tries = ["1.a", "1.b", "1.c"].map((to) => people().replaceTokens("s1", "0.sealed", to));
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
        expect(await people().tokensOf("s1")).toMatch(/^1\.[abc]$/);
      });

      test("come with a new description of the person", async () => {
        await open("s1");
        const changed = person("sub-1", { roles: ["user"], displayName: null });
        expect(await people().replaceTokens("s1", "another", "0.next", changed)).toBe(false);
        expect(await people().byId("sub-1")).toMatchObject({ roles: ["admin"] });
        expect(await people().replaceTokens("s1", "0.sealed", "0.next", changed)).toBe(true);
        expect(await people().byId("sub-1")).toMatchObject({ roles: ["user"], displayName: null });
      });

      test("of an ended session wait for the realm to be notified", async () => {
        await open("s1");
        await open("s2");
        expect(await people().ended()).toEqual([]);
        expect(await people().tokensOfOthers("sub-1", "s1")).toEqual(["0.sealed"]);
        await end("s1");
        expect(await people().tokensOf("s1")).toBeUndefined();
        expect(await people().replaceTokens("s1", "0.sealed", "0.next")).toBe(false);
        expect(await people().tokensOfOthers("sub-1", "s2")).toEqual([]);
        expect(await people().ended()).toEqual([{ id: "s1", userId: "sub-1", tokens: "0.sealed" }]);
        await people().forgetTokens("s1");
        expect(await people().ended()).toEqual([]);
        expect(await people().tokensOf("s2")).toBe("0.sealed");
      });

      test("of a session that ended with its user or client are gone at once", async () => {
        await open("s1");
        await opened().sessions.endAll("sub-1", event("sessions.ended"));
        expect(await people().tokensOf("s1")).toBeUndefined();
        await open("s2");
        await opened().clients.block("notes", "Notes", event("client.blocked"), "new-sid");
        expect(await people().tokensOf("s2")).toBeUndefined();
      });

      test("a blocked client gets none", async () => {
        await opened().clients.block("notes", "Notes", event("client.blocked"), "new-sid");
        expect(await allow("sub-1", "code-1")).toBe(false);
      });
    });

    test("are deleted a day after their last sign-in, if they have no session", async () => {
      await allow("sub-1", "code-1");
      await opened().purge(now + day / 2, day);
      expect(await people().byId("sub-1")).toBeDefined();
      await opened().purge(now + 3 * day, day);
      await opened().purge(now + 3 * day, day);
      expect(await people().byId("sub-1")).toBeUndefined();
      expect(await opened().users.byId("user:alice")).toBeDefined();
    });
  });
}
