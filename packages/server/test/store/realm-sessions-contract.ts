import { describe, expect, test } from "vitest";
import type { AuditEvent, AuditEventName } from "../../src/core/audit-events.ts";
import type { RealmSession } from "../../src/core/stories/realm-sessions.ts";
import type { Store } from "../../src/store/store.ts";

const now = 1_700_000_000_000;
const hour = 3_600_000;

const event = (name: AuditEventName): AuditEvent => ({ name, at: now, address: "test" });
const session = (id: string, change: Partial<RealmSession> = {}): RealmSession => ({
  id,
  userId: "alice-id",
  nameKey: "name-of-alice",
  addressBucket: "192.0.2.1",
  sealedIdTokenHint: `hint of ${id}`,
  tokensUntil: now + hour,
  keepUntil: now + 10 * hour,
  ...change,
});
const ended = (id: string) => ({
  id,
  userId: "alice-id",
  tokensUntil: now + hour / 2,
  keepUntil: now + hour / 2,
});

/** The contract of every store for sessions of an identity provider. */
export function realmSessionsContract(opened: () => Store, heard: () => readonly AuditEventName[]): void {
  describe("sessions of an identity provider", () => {
    const sessions = () => opened().realmSessions;

    test("are recorded at each use, with its event", async () => {
      expect(await sessions().note(session("s1"), event("login.succeeded"))).toBe(true);
      expect(
        await sessions().note(
          session("s1", { nameKey: "", sealedIdTokenHint: null }),
          event("token.refreshed"),
        ),
      ).toBe(true);
      expect(heard()).toEqual(["login.succeeded", "token.refreshed"]);
      expect(await sessions().sealedIdTokenHint("s1")).toBe("hint of s1");
      await sessions().note(session("s1", { sealedIdTokenHint: "a later one" }), event("token.refreshed"));
      expect(await sessions().sealedIdTokenHint("s1")).toBe("a later one");
      expect(await sessions().holderOf("name-of-alice")).toBe("alice-id");
      expect(await sessions().holderOf("")).toBeUndefined();
      expect(await sessions().openedFrom("alice-id", "192.0.2.1")).toBe(true);
      expect(await sessions().openedFrom("alice-id", "192.0.2.2")).toBe(false);
    });

    test("end once, and stay revoked as long as their longest token lives", async () => {
      await sessions().note(session("s1"), event("login.succeeded"));
      await sessions().note(session("s1", { tokensUntil: now + 2 * hour }), event("token.refreshed"));
      expect(await sessions().end(ended("s1"), [event("session.ended")])).toBe(true);
      expect(await sessions().end(ended("s1"), [event("session.ended")])).toBe(false);
      expect(heard()).toEqual(["login.succeeded", "token.refreshed", "session.ended"]);
      expect(await opened().revocations.after(0)).toMatchObject([{ sessionId: "s1", until: now + 2 * hour }]);
      expect(await sessions().byId("s1")).toMatchObject({ ended: true });
      expect(await sessions().byId("s2")).toBeUndefined();
    });

    test("reject a use after their end, and write nothing", async () => {
      await sessions().note(session("s1"), event("login.succeeded"));
      await sessions().end(ended("s1"), [event("session.ended")]);
      expect(await sessions().note(session("s1"), event("token.refreshed"))).toBe(false);
      expect(heard()).toEqual(["login.succeeded", "session.ended"]);
    });

    test("end also if they were opened elsewhere", async () => {
      expect(await sessions().end(ended("s9"), [event("session.ended")])).toBe(true);
      expect(await opened().revocations.after(0)).toMatchObject([{ sessionId: "s9", until: now + hour / 2 }]);
      expect(await sessions().sealedIdTokenHint("s9")).toBeNull();
    });

    test("wait on a list until the provider was notified", async () => {
      for (const id of ["s1", "s2", "s3"]) await sessions().note(session(id), event("login.succeeded"));
      for (const id of ["s1", "s2"]) await sessions().end(ended(id), [event("session.ended")]);
      expect((await sessions().unnotified()).map(({ id }) => id).toSorted()).toEqual(["s1", "s2"]);
      await sessions().markNotified("s1", now);
      expect(await sessions().unnotified()).toEqual([{ id: "s2", sealedIdTokenHint: "hint of s2" }]);
    });

    test("are deleted once the provider cannot continue them", async () => {
      await sessions().note(session("s1"), event("login.succeeded"));
      await sessions().end(ended("s1"), [event("session.ended")]);
      await opened().purge(now + 10 * hour, hour);
      expect(await sessions().byId("s1")).toMatchObject({ ended: true });
      await opened().purge(now + 10 * hour + 1, hour);
      expect(await sessions().byId("s1")).toBeUndefined();
    });
  });
}
