import { describe, expect, test } from "vitest";
import { LatchkeyError } from "../../../src/core/errors.ts";
import { WeakPassword } from "../../../src/core/passwords/password-problem.ts";
import { workLog } from "../../api/work-log.ts";
import {
  caller,
  from,
  newPassword,
  type OpenStores,
  password,
  selfServiceWorld,
} from "./self-service-world.ts";

const refusal = (code: string) => expect.objectContaining({ code });
const carol = { username: "Carol", password: newPassword, displayName: "Carol C." };
const admin = { by: { address: "192.0.2.9", actor: "user:root" }, isMachine: false };
const hour = 3_600_000;

/** New accounts by links. @param open opens two processes on one empty database */
export function signUpContract(engine: string, open: OpenStores): void {
  describe(`a sign-up: ${engine}`, () => {
    test("of an allowed domain makes an account with a confirmed address", async () => {
      await using world = await selfServiceWorld(open);
      expect(world.stories.signUpBy).toBe("domains");
      await world.stories.signUp("Carol@Example.com", caller, "de");
      const [mail] = await world.sentMails();
      expect(mail).toMatchObject({
        content: { kind: "sign_up" },
        recipient: "Carol@Example.com",
        userId: null,
        language: "de",
      });
      const link = world.tokenOf(mail);
      expect(await world.stories.describeLink(link)).toEqual({
        purpose: "sign_up",
        email: "Carol@Example.com",
        username: null,
        expiresAt: world.now() + 24 * hour,
      });
      expect(await world.stories.join(link, carol, caller)).toEqual({
        id: "user:carol",
        username: "Carol",
        email: "Carol@Example.com",
        displayName: "Carol C.",
        active: true,
        roles: ["user"],
      });
      expect(world.heard).toMatchObject([{ name: "user.signed_up", subject: "user:carol" }]);
      expect(await world.store.users.byId("user:carol")).toMatchObject({ emailVerifiedAt: world.now() });
      expect(await world.opens("carol@example.com", newPassword)).toBe(true);
      await expect(world.stories.join(link, { ...carol, username: "again" }, caller)).rejects.toEqual(
        refusal("invalid_link"),
      );
    });

    test("costs the same statements whether the address has an account or not", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.signUp("first@example.com", from(0), "en");
      using log = workLog(/./);
      const work = [];
      for (const [number, name] of ["alice", "nobody", "mallory"].entries()) {
        log.take();
        await world.stories.signUp(`${name}@example.com`, from(number + 1), "en");
        work.push(log.take());
      }
      expect(work[0]?.statements.join(" ")).toContain("insert into outbox");
      for (const one of work) expect(one).toEqual(work[0]);
    });

    test("with the address of an account tells its owner, and makes no link", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.signUp("ALICE@example.com", caller, "en");
      expect(await world.sentMails()).toMatchObject([
        {
          content: { kind: "sign_up_known", username: "alice" },
          recipient: "ALICE@example.com",
          linkId: null,
        },
      ]);
    });

    test.each([
      ["another domain", "carol@example.org"],
      ["a sub-domain", "carol@mail.example.com"],
      ["a domain that ends alike", "carol@badexample.com"],
      ["two at signs", "carol@example.org@example.com"],
      ["no address", "example.com"],
    ])("by an address with %s is refused", async (_name, email) => {
      await using world = await selfServiceWorld(open);
      await expect(world.stories.signUp(email, caller, "en")).rejects.toEqual(refusal("validation_error"));
      expect(await world.store.outbox.count()).toBe(0);
    });

    test.each([
      [["bücher.example"], "a@XN--BCHER-KVA.example"],
      [["xn--bcher-kva.example"], "a@Bücher.Example"],
      [["EXAMPLE.com"], "a@example.COM"],
    ])("by a domain of %j is open for %s", async (rule, email) => {
      await using world = await selfServiceWorld(open, { rule });
      await world.stories.signUp(email, caller, "en");
      expect(await world.sentMails()).toHaveLength(1);
    });

    test("that is off, or by invitation alone, is not offered to strangers", async () => {
      for (const rule of ["off", "invitation"] as const) {
        await using world = await selfServiceWorld(open, { rule });
        expect(world.stories.signUpBy).toBe(rule);
        await expect(world.stories.signUp("carol@example.com", caller, "en")).rejects.toEqual(
          refusal("not_found"),
        );
      }
    });

    test("by one address sends five mails an hour, known or not", async () => {
      await using world = await selfServiceWorld(open);
      for (const email of ["alice@example.com", "carol@example.com"]) {
        for (let time = 0; time < 5; time++) await world.stories.signUp(email, from(time), "en");
        await expect(world.stories.signUp(email, from(9), "en")).rejects.toEqual(refusal("rate_limited"));
      }
    });
  });

  test(`sub-addresses share the limit of their mailbox: ${engine}`, async () => {
    await using world = await selfServiceWorld(open);
    const signUp = (email: string, number: number) => world.stories.signUp(email, from(number), "en");
    for (let number = 0; number < 5; number++) await signUp(`carol+${number}@example.com`, number);
    for (const email of ["carol@example.com", "Carol+6+7@Example.com", "carol+@example.com"])
      await expect(signUp(email, 9)).rejects.toEqual(refusal("rate_limited"));
    await signUp("carola+1@example.com", 9);
    for (const email of ["+1@example.com", "+2@example.com"]) await signUp(email, 9);
  });

  describe(`a sign-up link: ${engine}`, () => {
    test("of which twenty uses come at once, at two replicas, makes one account", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.signUp("carol@example.com", caller, "en");
      const link = await world.sentLink("sign_up");
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, (_, number) =>
          (number % 2 === 0 ? world.stories : world.elsewhere).join(
            link,
            { ...carol, username: `carol${number}` },
            caller,
          ),
        ),
      );
      const codes = tries.map((one) =>
        one.status === "fulfilled"
          ? "added"
          : one.reason instanceof LatchkeyError
            ? one.reason.code
            : one.reason,
      );
      expect(codes.filter((code) => code === "added")).toHaveLength(1);
      expect(new Set(codes).difference(new Set(["added", "invalid_link", "email_taken"]))).toEqual(new Set());
      expect(await world.store.users.list()).toHaveLength(5);
    });

    test.each([
      ["a taken user name", { username: "ALICE" }, "username_taken"],
      ["an empty user name", { username: "" }, "validation_error"],
      ["a user name with a line break", { username: "a\nb" }, "validation_error"],
      ["an invisible display name", { displayName: "\u200b" }, "validation_error"],
      ["a display name of 300 characters", { displayName: "x".repeat(300) }, "validation_error"],
    ])("stays usable after %s", async (_name, bad, code) => {
      await using world = await selfServiceWorld(open);
      await world.stories.signUp("carol@example.com", caller, "en");
      const link = await world.sentLink("sign_up");
      await expect(world.stories.join(link, { ...carol, ...bad }, caller)).rejects.toEqual(refusal(code));
      await world.stories.join(link, carol, caller);
    });

    test("stays usable after a weak password", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.signUp("carol@example.com", caller, "en");
      const link = await world.sentLink("sign_up");
      await expect(world.stories.join(link, { ...carol, password: "carol" }, caller)).rejects.toBeInstanceOf(
        WeakPassword,
      );
      await world.stories.join(link, carol, caller);
    });

    test("is refused if the address got an account meanwhile", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.signUp("carol@example.com", caller, "en");
      const link = await world.sentLink("sign_up");
      const me = await world.signedIn("bob");
      await world.stories.beginEmailChange(
        me,
        { email: "carol@example.com", currentPassword: password },
        caller,
        "en",
      );
      await world.stories.confirmEmail(await world.sentLink("change_email"), caller, "en");
      await expect(world.stories.join(link, carol, caller)).rejects.toEqual(refusal("invalid_link"));
    });

    test("of a stranger lasts for a day, an invitation for seven", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.signUp("carol@example.com", caller, "en");
      const stranger = await world.sentLink("sign_up");
      const { expiresAt } = await world.stories.invite("dave@example.org", ["user"], admin, "en");
      expect(expiresAt).toBe(world.now() + 7 * 24 * hour);
      const invited = await world.sentLink("invitation");
      world.advance(24 * hour);
      await expect(world.stories.join(stranger, carol, caller)).rejects.toEqual(refusal("invalid_link"));
      await world.stories.join(invited, { ...carol, username: "dave" }, caller);
    });
  });

  describe(`an invitation: ${engine}`, () => {
    test("gives its roles at any domain, and names the administrator", async () => {
      await using world = await selfServiceWorld(open, { rule: "invitation" });
      await world.stories.invite("carol@example.org", ["user", "editor"], admin, "fr");
      expect(world.heard).toMatchObject([
        { name: "user.invited", actor: "user:root", subject: world.subjectOfUnknown("carol@example.org") },
      ]);
      const [mail] = await world.sentMails();
      expect(mail).toMatchObject({ content: { kind: "invitation", invitedBy: "root" }, language: "fr" });
      const user = await world.stories.join(world.tokenOf(mail), carol, caller);
      expect(user.roles).toEqual(["user", "editor"]);
    });

    test("ends with the account of another one to the same address", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.invite("Carol@example.org", ["user", "admin"], admin, "en");
      const first = await world.sentLink("invitation");
      await world.stories.invite("carol@example.org", ["user"], admin, "en");
      const { id } = await world.stories.join(await world.sentLink("invitation"), carol, caller);
      await expect(world.stories.describeLink(first)).rejects.toEqual(refusal("invalid_link"));
      await world.store.users.remove(id, { name: "user.removed", at: world.now(), address: "test" });
      await expect(world.stories.join(first, carol, caller)).rejects.toEqual(refusal("invalid_link"));
    });

    test("ends with the removal of a user who was added meanwhile", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn("bob");
      await world.stories.invite("carol@example.com", ["user", "admin"], admin, "en");
      const link = await world.sentLink("invitation");
      const change = { email: "carol@example.com", currentPassword: password };
      await world.stories.beginEmailChange(me, change, caller, "en");
      await world.stories.confirmEmail(await world.sentLink("change_email"), caller, "en");
      await world.store.users.remove(me.userId, { name: "user.removed", at: world.now(), address: "test" });
      await expect(world.stories.join(link, carol, caller)).rejects.toEqual(refusal("invalid_link"));
    });

    test("to the address of an account, or to none, is refused", async () => {
      await using world = await selfServiceWorld(open);
      await expect(world.stories.invite("Alice@example.com", ["user"], admin, "en")).rejects.toEqual(
        refusal("email_taken"),
      );
      for (const [email, roles] of [
        ["carol", ["user"]],
        ["carol@example.com", ["not a role"]],
      ] as const)
        await expect(world.stories.invite(email, roles, admin, "en")).rejects.toEqual(
          refusal("validation_error"),
        );
    });

    test("is not offered while sign-up is off, and an earlier link does not work", async () => {
      await using world = await selfServiceWorld(open, { rule: "off" });
      await expect(world.stories.invite("carol@example.org", ["user"], admin, "en")).rejects.toEqual(
        refusal("not_found"),
      );
      await expect(world.stories.join("lkl_", carol, caller)).rejects.toEqual(refusal("not_found"));
    });
  });
}
