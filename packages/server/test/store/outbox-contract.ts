import { describe, expect, test } from "vitest";
import type { AuditEventName } from "../../src/core/audit-events.ts";
import type { MailContent, MailLanguage } from "../../src/core/mail/mail-kinds.ts";
import type { NewMail, WaitingMail } from "../../src/core/mail/outbox.ts";
import type { Store } from "../../src/store/store.ts";
import { event, now } from "./store-rows.ts";

const minute = 60_000;

const request = (typedName: string, change: Partial<NewMail> = {}): NewMail => ({
  content: { kind: "reset_request", typedName },
  recipient: "",
  userId: null,
  linkId: null,
  language: "en",
  createdAt: now,
  ...change,
});

/** Every content of a mail, once. */
const contents: readonly MailContent[] = [
  { kind: "reset" },
  { kind: "reset_request", typedName: "alice" },
  { kind: "verify" },
  { kind: "change_email" },
  { kind: "address_taken" },
  { kind: "invitation", invitedBy: "Alice" },
  { kind: "invitation", invitedBy: null },
  { kind: "sign_up" },
  { kind: "sign_up_known", username: "alice" },
  { kind: "password_changed", at: now },
  { kind: "email_changed", at: now, newAddress: "new@example.com" },
  { kind: "new_address", at: now, address: "192.0.2.1" },
];

/** A mail of a kind that this version does not know. */
const contentOfNewer: MailContent = JSON.parse('{"kind":"factor_added"}');
/** A mail of a known kind with other facts. */
const otherFacts: MailContent = JSON.parse('{"kind":"email_changed","at":0}');
const languageOfNewer: MailLanguage = JSON.parse('"es"');

const day = 24 * 60 * minute;

/** The contract of every store for mails that are not sent yet. */
export function outboxContract(opened: () => Store, heard: () => readonly AuditEventName[]): void {
  describe("the outbox", () => {
    const outbox = () => opened().outbox;
    const claimAll = (at: number, most = 10) => outbox().claim({ at, lease: 2 * minute, most });
    const claim = async (at: number, most?: number) => (await claimAll(at, most)).mails;
    const claimOne = async (at: number): Promise<WaitingMail> => {
      const [mail, ...others] = await claim(at);
      if (mail === undefined || others.length > 0) throw new Error("expected one mail");
      return mail;
    };

    /** Writes many mails in one commit, beside the link of a stranger. */
    const fill = (id: string, mails: readonly NewMail[]) =>
      opened().links.add(
        {
          ...{ id, purpose: "sign_up", userId: null, revision: null, roles: null },
          ...{ invitedBy: null, invitedWith: null },
          ...{ email: "alice@example.com", createdAt: now, expiresAt: now + minute },
        },
        mails,
        [],
      );

    test("keeps every kind of mail with its facts", async () => {
      for (const [number, content] of contents.entries()) {
        const linkId = content.kind === "reset" ? "link" : null;
        const mail = request("", { content, recipient: "a@example.com", userId: "user:alice", linkId });
        await outbox().request({ ...mail, language: "fr", createdAt: now + number }, []);
      }
      const claimed = await claim(now, contents.length);
      expect(claimed.map(({ content }) => content)).toEqual(contents);
      expect(claimed[0]).toMatchObject({
        recipient: "a@example.com",
        userId: "user:alice",
        linkId: "link",
        language: "fr",
        createdAt: now,
        attempts: 1,
      });
      expect(await outbox().count()).toBe(contents.length);
    });

    test("gives a mail to one claim at a time, oldest first", async () => {
      await outbox().request(request("second", { createdAt: now + 1 }), []);
      await outbox().request(request("first"), []);
      const [first] = await claim(now, 1);
      const [second] = await claim(now, 1);
      expect(first?.content).toEqual({ kind: "reset_request", typedName: "first" });
      expect(second?.content).toEqual({ kind: "reset_request", typedName: "second" });
      expect(await claim(now)).toEqual([]);
    });

    test("never gives one mail to two concurrent claims", async () => {
      for (let number = 0; number < 20; number++) await outbox().request(request(`${number}`), []);
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(now, 5)));
      const ids = claims.flat().map(({ id }) => id);
      ids.push(...(await claim(now, 20)).map(({ id }) => id));
      expect(ids).toHaveLength(20);
      expect(new Set(ids).size).toBe(20);
    });

    test("gives a mail again after the lease, to another claim", async () => {
      await outbox().request(request("alice"), []);
      const lost = await claimOne(now);
      expect(await claim(now + 2 * minute - 1)).toEqual([]);
      const again = await claimOne(now + 2 * minute);
      expect(again).toMatchObject({ id: lost.id, attempts: 2 });
      expect(await outbox().settle(lost)).toBe(false);
      expect(await outbox().retry(lost, now)).toBe(false);
      expect(await outbox().giveUp(lost, event("mail.failed"))).toBe(false);
      expect(await outbox().settle(again)).toBe(true);
      expect(await outbox().count()).toBe(0);
    });

    test.each<[string, Partial<NewMail>]>([
      ["kind", { content: contentOfNewer }],
      ["language", { language: languageOfNewer }],
    ])("leaves a mail of an unknown %s to newer replicas, for a day", async (_what, change) => {
      const mail = { recipient: "a@example.com", userId: "user:alice", createdAt: now, ...change };
      await outbox().request(request("", mail), []);
      await outbox().request(request("alice", { createdAt: now + 1 }), []);
      expect(await claimAll(now, 1)).toMatchObject({ mails: [{ createdAt: now + 1 }], unreadable: [] });
      expect(await claimAll(now + day - 1)).toMatchObject({ mails: [{ attempts: 2 }], unreadable: [] });
      const { unreadable } = await claimAll(now + day, 1);
      const { kind } = mail.content ?? { kind: "reset_request" };
      expect(unreadable).toMatchObject([{ kind, userId: "user:alice", createdAt: now, attempts: 1 }]);
      for (const one of unreadable) expect(await outbox().giveUp(one, event("mail.failed"))).toBe(true);
      expect(heard()).toEqual(["mail.failed"]);
      expect(await outbox().count()).toBe(1);
    });

    test("claims a mail of an unknown kind from before the clock stepped back", async () => {
      await outbox().request(request("", { content: contentOfNewer, createdAt: now + 3 * day }), []);
      expect(await claimAll(now)).toMatchObject({ mails: [], unreadable: [{ kind: "factor_added" }] });
    });

    test("claims a mail with unknown facts for the lease, beside those that it can read", async () => {
      await outbox().request(request("", { content: otherFacts }), []);
      await outbox().request(request("alice", { createdAt: now + 1 }), []);
      expect(await claimAll(now)).toMatchObject({
        mails: [{ content: { kind: "reset_request" } }],
        unreadable: [{ kind: "email_changed", attempts: 1 }],
      });
      expect(await claimAll(now)).toEqual({ mails: [], unreadable: [] });
      expect(await claimAll(now + 2 * minute)).toMatchObject({ unreadable: [{ attempts: 2 }] });
    });

    test("waits for the time of the next try", async () => {
      await outbox().request(request("alice"), []);
      await outbox().retry(await claimOne(now), now + minute);
      expect(await claim(now + minute - 1)).toEqual([]);
      expect(await claimOne(now + minute)).toMatchObject({ attempts: 2 });
    });

    test("gives a mail again after the clock stepped back by days", async () => {
      const ahead = now + 3 * 86_400_000;
      await outbox().request(request("alice"), []);
      await outbox().retry(await claimOne(ahead), ahead + minute);
      await claimOne(now);
      await outbox().request(request("bob"), []);
      await claimOne(ahead);
      expect(await claim(now)).toHaveLength(1);
    });

    test("gives up a mail with an event", async () => {
      await outbox().request(request("alice"), []);
      expect(await outbox().giveUp(await claimOne(now), event("mail.failed"))).toBe(true);
      expect(heard()).toEqual(["mail.failed"]);
      expect(await outbox().count()).toBe(0);
    });

    test("refuses strangers' requests when 10,000 mails wait", async () => {
      const notice: MailContent = { kind: "password_changed", at: now };
      const thousand = Array.from({ length: 1_000 }, () => request("", { content: notice }));
      for (let number = 0; number < 10; number++) expect(await fill(`link-${number}`, thousand)).toBe(true);
      await expect(outbox().request(request("bob"), [event("reset.requested")])).rejects.toMatchObject({
        code: "overloaded",
      });
      expect(heard()).toEqual([]);
      await outbox().request(request("", { content: notice }), []);
      expect(await outbox().count()).toBe(10_001);
      for (const mail of await claim(now, 2)) await outbox().settle(mail);
      await outbox().request(request("bob"), [event("reset.requested")]);
      expect(heard()).toEqual(["reset.requested"]);
    });
  });
}
