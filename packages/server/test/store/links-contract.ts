import { describe, expect, test } from "vitest";
import type { AuditEventName } from "../../src/core/audit-events.ts";
import type { NewMail } from "../../src/core/mail/outbox.ts";
import type { Link } from "../../src/core/people/links.ts";
import type { NewImportedUser } from "../../src/core/people/user-import.ts";
import type { NewUser } from "../../src/core/people/users.ts";
import type { Store } from "../../src/store/store.ts";
import { event, now, session, user } from "./store-rows.ts";

const minute = 60_000;

const link = (id: string, change: Partial<Link> = {}): Link => ({
  id,
  purpose: "reset",
  userId: "user:alice",
  revision: 0,
  email: "alice@example.com",
  roles: null,
  invitedBy: null,
  invitedWith: null,
  createdAt: now,
  expiresAt: now + 30 * minute,
  ...change,
});
const imported = (user: NewUser): NewImportedUser => ({ ...user, active: true, createdAt: now });
const ofNobody = { purpose: "sign_up", userId: null, revision: null } as const;

const mail = (linkId: string): NewMail => ({
  content: { kind: "reset" },
  recipient: "alice@example.com",
  userId: "user:alice",
  linkId,
  language: "en",
  createdAt: now,
});
const request: NewMail = {
  ...mail(""),
  content: { kind: "reset_request", typedName: "alice" },
  recipient: "",
  userId: null,
  linkId: null,
};

/** The contract of every store for links in mails. */
export function linksContract(opened: () => Store, heard: () => readonly AuditEventName[]): void {
  describe("links", () => {
    const links = () => opened().links;
    const claim = async () => {
      const { mails } = await opened().outbox.claim({ at: now, lease: minute, most: 1 });
      const [waiting] = mails;
      if (waiting === undefined) throw new Error("no mail waits");
      return waiting;
    };

    test.each<[string, Link]>([
      ["a user", link("of-user")],
      ["nobody", link("of-nobody", { ...ofNobody, roles: ["user", "editor"] })],
    ])("of %s are read as they were added, with mail and event", async (_whose, added) => {
      expect(await links().add(added, [mail(added.id)], [event("reset.requested")])).toBe(true);
      expect(await links().byId(added.id)).toEqual(added);
      expect(await links().byId("another")).toBeUndefined();
      expect(await claim()).toMatchObject({ linkId: added.id });
      expect(heard()).toEqual(["reset.requested"]);
    });

    test.each<[string, Partial<Link>, (store: Store) => unknown]>([
      ["is unknown", { userId: "user:nobody" }, () => {}],
      ["has another revision", { revision: 1 }, () => {}],
      [
        "is disabled",
        { revision: 1 },
        (store) => store.users.setActive("user:alice", false, event("user.disabled")),
      ],
      [
        "is removed",
        { revision: 1 },
        async (store) => {
          // A live session keeps the row of a removed user for a while.
          await store.users.remove("user:alice", event("user.removed"));
        },
      ],
    ])("of a user who %s are not added, nor is their mail", async (_who, change, before) => {
      await before(opened());
      const events = heard().length;
      expect(await links().add(link("refused", change), [mail("refused")], [event("reset.requested")])).toBe(
        false,
      );
      expect(await links().byId("refused")).toBeUndefined();
      expect(await opened().outbox.count()).toBe(0);
      expect(heard()).toHaveLength(events);
    });

    test("are added for the version of their user that was seen", async () => {
      const add = (id: string, version: number) =>
        links().add(link(id), [mail(id)], [event("reset.requested")], version);
      expect(await add("refused", 1)).toBe(false);
      expect(await links().byId("refused")).toBeUndefined();
      expect(await opened().outbox.count()).toBe(0);
      expect(heard()).toEqual([]);
      expect(await add("added", 0)).toBe(true);
      expect(await links().byId("added")).toEqual(link("added"));
    });

    test("answer a request once, by a link or by nothing", async () => {
      const { outbox } = opened();
      await outbox.request(request, []);
      const first = await claim();
      const answer = { link: link("answer"), mail: mail("answer") };
      const outdated = { ...answer, link: link("outdated", { revision: 7 }) };
      expect(await links().answer(first, outdated, event("reset.requested"))).toBe(false);
      expect(await links().answer(first, answer, event("reset.requested"))).toBe(true);
      expect(await links().answer(first, answer, event("reset.requested"))).toBe(false);
      expect(await claim()).toMatchObject({ content: { kind: "reset" }, linkId: "answer" });
      await outbox.request(request, []);
      expect(await links().answer(await claim(), undefined, event("reset.requested"))).toBe(true);
      expect(await outbox.count()).toBe(1);
      expect(heard()).toEqual(["reset.requested", "reset.requested"]);
    });

    test("of an invitation keep the inviter, and are listed by id until they expire", async () => {
      const invitation = (id: string, change: Partial<Link> = {}) =>
        link(id, { ...ofNobody, roles: ["user"], ...change });
      const added = [
        invitation("b", { roles: ["editor"], invitedBy: "user:alice", invitedWith: "program" }),
        invitation("a", { invitedWith: "robot" }),
        invitation("c"),
      ];
      for (const one of added) expect(await links().add(one, [], [])).toBe(true);
      await links().add(invitation("expired", { expiresAt: now }), [], []);
      await links().add(link("reset"), [], []);
      await links().add(link("of-a-stranger", ofNobody), [], []);
      const [b, a, c] = added;
      expect(await links().byId("b")).toEqual(b);
      expect(await links().invitations({ limit: 10 }, now)).toEqual([a, b, c]);
      expect(await links().invitations({ after: "a", limit: 1 }, now)).toEqual([b]);
    });

    test.each<[string, (store: Store) => unknown]>([
      [
        "removed",
        async ({ users, sessions }) => {
          await sessions.open(session("s1"), 0, event("login.succeeded"));
          await users.remove("user:alice", event("user.removed"));
        },
      ],
      ["disabled", ({ users }) => users.setActive("user:alice", false, event("user.disabled"))],
    ])("of an inviter who is %s meanwhile are not added, nor is their mail", async (_how, before) => {
      await before(opened());
      const late = link("late", { ...ofNobody, roles: ["user"], invitedBy: "user:alice" });
      expect(await links().add(late, [mail("late")], [event("user.invited")])).toBe(false);
      expect(await links().byId("late")).toBeUndefined();
      expect(await opened().outbox.count()).toBe(0);
      expect(heard()).not.toContain("user.invited");
    });

    test("of an invitation are withdrawn once, with the mail that waits", async () => {
      const invitation = (id: string) => link(id, { ...ofNobody, roles: ["user"] });
      for (const id of ["one", "other"]) await links().add(invitation(id), [mail(id)], []);
      expect(await links().withdraw("one", event("user.uninvited"))).toBe(true);
      expect(await links().withdraw("one", event("user.uninvited"))).toBe(false);
      expect(heard()).toEqual(["user.uninvited"]);
      expect(await links().byId("one")).toBeUndefined();
      expect(await opened().outbox.count()).toBe(1);
      expect(await claim()).toMatchObject({ linkId: "other" });
    });

    test("that are no invitations are not withdrawn", async () => {
      await links().add(link("reset"), [mail("reset")], []);
      await links().add(link("of-a-stranger", ofNobody), [], []);
      for (const id of ["reset", "of-a-stranger", "unknown"]) {
        expect(await links().withdraw(id, event("user.uninvited"))).toBe(false);
        expect(await links().byId(id)).toEqual(id === "unknown" ? undefined : expect.anything());
      }
      expect(await opened().outbox.count()).toBe(1);
      expect(heard()).toEqual([]);
    });

    const endings: Record<string, (store: Store) => unknown> = {
      "a new account of the address": ({ users }) =>
        users.add({ ...user("carol"), email: "Alice@Example.org" }, event("user.signed_up")),
      "an imported account of the address": async ({ userImport }) => {
        const carol = { ...user("carol"), email: "Alice@Example.org" };
        await (await userImport()).add([user("bob"), carol].map(imported), [event("user.imported")]);
      },
      "a change of an account to the address": async ({ users }) => {
        const alice = await users.byId("user:alice");
        if (alice === undefined) throw new Error("no user");
        const address = { email: "Alice@Example.org", emailKey: "alice@example.org" };
        await users.change({ ...alice, ...address }, [event("user.changed")]);
      },
      "the removal of the inviter": ({ users }) => users.remove("user:alice", event("user.removed")),
    };
    test.each(Object.keys(endings))("of an invitation end with %s, and so does their mail", async (name) => {
      const invitation = { ...ofNobody, roles: ["user"], email: "alice@example.org" };
      await links().add(link("ended", { ...invitation, invitedBy: "user:alice" }), [mail("ended")], []);
      const another = { ...invitation, email: "other@example.org", invitedWith: "robot" };
      await links().add(link("another", another), [mail("another")], []);
      await endings[name]?.(opened());
      expect(await links().byId("ended")).toBeUndefined();
      expect(await links().byId("another")).toBeDefined();
      expect(await opened().outbox.count()).toBe(1);
      expect(await claim()).toMatchObject({ linkId: "another" });
    });

    test("to an earlier address of a user end, and so does their mail", async () => {
      await links().add(link("early"), [mail("early")], []);
      const alice = await opened().users.byId("user:alice");
      if (alice === undefined) throw new Error("no user");
      const address = { email: "new@example.com", emailKey: "new@example.com" };
      await opened().users.change({ ...alice, ...address }, [event("user.changed")], { outdateLinks: true });
      expect(await links().byId("early")).toBeUndefined();
      expect(await opened().outbox.count()).toBe(0);
    });

    test("go with their user, and after their end", async () => {
      await links().add(link("short"), [], []);
      await links().add(link("long", { expiresAt: now + 60 * minute }), [], []);
      await links().add(link("of-nobody", ofNobody), [], []);
      await opened().purge(now + 31 * minute, 1e12);
      expect(await links().byId("short")).toBeUndefined();
      expect(await links().byId("of-nobody")).toBeUndefined();
      expect(await links().byId("long")).toBeDefined();
      await opened().users.remove("user:alice", event("user.removed"));
      expect(await links().byId("long")).toBeUndefined();
    });
  });
}
