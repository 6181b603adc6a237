import { describe, expect, test } from "vitest";
import type { AuditEventName } from "../../src/core/audit-events.ts";
import type { NewMail } from "../../src/core/mail/outbox.ts";
import type { Link } from "../../src/core/people/links.ts";
import type { Store } from "../../src/store/store.ts";
import { event, now } from "./store-rows.ts";

const minute = 60_000;

const link = (id: string, change: Partial<Link> = {}): Link => ({
  id,
  purpose: "reset",
  userId: "user:alice",
  revision: 0,
  email: "alice@example.com",
  roles: null,
  createdAt: now,
  expiresAt: now + 30 * minute,
  ...change,
});
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
