import { describe, expect, test } from "vitest";
import type { NewMail } from "../../src/core/mail/outbox.ts";
import type { Link } from "../../src/core/people/links.ts";
import { type TracedTable, tracedTables } from "../../src/core/people/user-traces.ts";
import type { Store } from "../../src/store/store.ts";
import { event, now, session, user } from "./store-rows.ts";

const signUp: Link = {
  id: "secret-link",
  ...{ purpose: "sign_up", userId: null, revision: null, roles: null },
  ...{ invitedBy: null, invitedWith: null },
  email: "Alice@Example.com",
  createdAt: now,
  expiresAt: now + 1000,
};
const mail: NewMail = {
  content: { kind: "sign_up_known", username: "alice" },
  recipient: "Alice@Example.com",
  userId: null,
  linkId: null,
  language: "en",
  createdAt: now,
};

/** The contract of every store for the traces of a user. The store has the user `alice`. */
export function userTracesContract(opened: () => Store): void {
  const tracesIn = async (table: TracedTable, userId = "user:alice") =>
    (await opened().userTraces.read(table, userId, "")).traces;

  describe("the traces of a user", () => {
    test("are none for a new user, in any table", async () => {
      for (const table of tracedTables) expect(await tracesIn(table)).toEqual([]);
    });

    test("include the invitations of the address, which name no user", async () => {
      const { links } = opened();
      await links.add({ ...signUp, roles: ["editor"] }, [], []);
      await links.add({ ...signUp, id: "another", email: "bob@example.com" }, [], []);
      await links.add(
        { ...signUp, id: "third", purpose: "verify", userId: "user:alice", revision: 0 },
        [],
        [],
      );
      const times = { created_at: now, expires_at: now + 1000 };
      const traces = await tracesIn("links");
      expect(traces).toHaveLength(2);
      expect(traces).toContainEqual({
        ...{ purpose: "sign_up", email: "Alice@Example.com", roles: '["editor"]', ...times },
      });
      expect(traces).toContainEqual({
        purpose: "verify",
        email: "Alice@Example.com",
        roles: null,
        ...times,
      });
      expect(JSON.stringify(traces)).not.toContain("secret-link");
    });

    test("include the mails to the address that name nobody or another user", async () => {
      const { outbox, users } = opened();
      await users.add(user("bob"), event("user.added"));
      await outbox.request({ ...mail, linkId: "secret-link" }, []);
      await outbox.request({ ...mail, content: { kind: "address_taken" }, userId: "user:bob" }, []);
      const toNew = {
        content: { kind: "change_email" },
        recipient: "a@example.net",
        userId: "user:alice",
      } as const;
      await outbox.request({ ...mail, ...toNew }, []);
      await outbox.request({ ...mail, content: { kind: "sign_up" }, recipient: "eve@example.com" }, []);
      const traces = await tracesIn("mails");
      expect(traces.map(({ kind, recipient }) => `${kind} ${recipient}`).toSorted()).toEqual([
        "address_taken Alice@Example.com",
        "change_email a@example.net",
        "sign_up_known Alice@Example.com",
      ]);
      expect(traces).toContainEqual({
        ...{ kind: "sign_up_known", recipient: "Alice@Example.com", language: "en" },
        ...{ details: '{"username":"alice"}', created_at: now, attempts: 0 },
      });
      expect(JSON.stringify(traces)).not.toContain("secret-link");
      expect((await tracesIn("mails", "user:bob")).map(({ kind }) => kind)).toEqual(["address_taken"]);
    });

    test("include the failures of the password in a row", async () => {
      const { passwordFailures, users } = opened();
      for (const key of ["user:alice", "user:alice", "unknown:0f"]) await passwordFailures.begin(key);
      expect(await tracesIn("password_failures")).toEqual([{ failures: 2, password_set_at: null }]);
      await users.setPassword("user:alice", "$new", { ...event("user.password_changed"), at: now });
      await passwordFailures.begin("user:alice");
      expect(await tracesIn("password_failures")).toEqual([{ failures: 1, password_set_at: now }]);
    });

    test("of a removed user are those that still have the id", async () => {
      const { outbox, sessions, users } = opened();
      await sessions.open(session("s1"), 0, event("login.succeeded"));
      await outbox.request(mail, []);
      await outbox.request(
        { ...mail, content: { kind: "password_changed", at: now }, userId: "user:alice" },
        [],
      );
      await users.remove("user:alice", event("user.removed"));
      expect((await tracesIn("mails")).map(({ kind }) => kind)).toEqual(["password_changed"]);
    });
  });
}
