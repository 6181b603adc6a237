import { describe, expect, test } from "vitest";
import { LatchkeyError } from "../../../src/core/errors.ts";
import { WeakPassword } from "../../../src/core/passwords/password-problem.ts";
import {
  caller,
  from,
  newPassword,
  type OpenStores,
  password,
  selfServiceWorld,
} from "./self-service-world.ts";

const refusal = (code: string) => expect.objectContaining({ code });
const change = { currentPassword: password, newPassword, endOthers: true };
const minute = 60_000;

/** Changes of the own account. @param open opens two processes on one empty database */
export function ownAccountContract(engine: string, open: OpenStores): void {
  describe(`a change of the own password: ${engine}`, () => {
    test("ends every other session, keeps the own one, and tells the user by mail", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      await world.signedIn();
      await world.stories.changePassword(me, change, caller, "de");
      expect(await world.opens("alice", newPassword)).toBe(true);
      expect(await world.opens("alice", password)).toBe(false);
      expect(await world.liveSessions()).toEqual([me.sessionId]);
      expect(world.heard).toMatchObject([
        { name: "user.password_changed", reason: "owner", subject: "user:alice", address: caller.address },
      ]);
      expect(await world.sentMails()).toMatchObject([
        {
          content: { kind: "password_changed" },
          recipient: "alice@example.com",
          language: "de",
          linkId: null,
        },
      ]);
      expect(await world.store.users.byId("user:alice")).toMatchObject({
        mustChangePassword: false,
        passwordChangedAt: world.now(),
      });
    });

    test("keeps other sessions if the user wants so", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      const other = await world.signedIn();
      await world.stories.changePassword(me, { ...change, endOthers: false }, caller, "en");
      expect((await world.liveSessions()).sort()).toEqual([me.sessionId, other.sessionId].sort());
      expect(await world.opens("alice", newPassword)).toBe(true);
    });

    test("clears the mark that the password must be changed", async () => {
      await using world = await selfServiceWorld(open);
      const user = await world.store.users.byId("user:alice");
      const event = { name: "user.password_changed", at: 1, address: "test" } as const;
      await world.store.users.setPassword("user:alice", user?.passwordHash ?? "", event, {
        mustChange: true,
      });
      const me = await world.signedIn();
      expect(await world.store.users.byId("user:alice")).toMatchObject({ mustChangePassword: true });
      await world.stories.changePassword(me, change, caller, "en");
      expect(await world.store.users.byId("user:alice")).toMatchObject({ mustChangePassword: false });
    });

    test("with a wrong current password changes nothing and counts as a failure", async () => {
      await using world = await selfServiceWorld(open, { limit: { limit: 3, windowMs: minute } });
      const me = await world.signedIn();
      const guess = { ...change, currentPassword: "guessed" };
      for (let time = 0; time < 3; time++) {
        await expect(world.stories.changePassword(me, guess, caller, "en")).rejects.toEqual(
          refusal("wrong_password"),
        );
      }
      await expect(world.stories.changePassword(me, change, caller, "en")).rejects.toEqual(
        refusal("rate_limited"),
      );
      const email = { email: "new@example.com", currentPassword: password };
      await expect(world.stories.beginEmailChange(me, email, caller, "en")).rejects.toEqual(
        refusal("rate_limited"),
      );
      expect(world.heard.map(({ name, reason }) => [name, reason])).toEqual([
        ["login.failed", "wrong_password"],
        ["login.failed", "wrong_password"],
        ["login.failed", "wrong_password"],
        ["login.throttled", "pair"],
      ]);
      expect(await world.opens("alice", password)).toBe(true);
      expect(await world.sentMails()).toEqual([]);
    });

    test.each([
      ["too short", "short", "too_short"],
      ["the user's own name", "alice@example.com", "own_name"],
      ["the current one", password, "unchanged"],
    ])("to one that is %s is refused with the reason", async (_name, bad, reason) => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      const refused = world.stories.changePassword(me, { ...change, newPassword: bad }, caller, "en");
      await expect(refused).rejects.toBeInstanceOf(WeakPassword);
      await expect(refused).rejects.toMatchObject({ problem: { reason } });
      expect(await world.opens("alice", password)).toBe(true);
      expect(world.heard).toEqual([]);
    });

    test("of twenty at once is made once, and the others learn of it", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, (_, number) =>
          (number % 2 === 0 ? world.stories : world.elsewhere).changePassword(
            me,
            { ...change, newPassword: `${newPassword} ${number}` },
            caller,
            "en",
          ),
        ),
      );
      const codes = tries.map((one) =>
        one.status === "fulfilled"
          ? "changed"
          : one.reason instanceof LatchkeyError
            ? one.reason.code
            : one.reason,
      );
      expect(codes.filter((code) => code === "changed")).toHaveLength(1);
      expect(new Set(codes).difference(new Set(["changed", "conflict", "wrong_password"]))).toEqual(
        new Set(),
      );
      expect(await world.sentMails()).toHaveLength(1);
    });

    test("of a disabled or removed user is refused", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn("bob");
      await world.store.users.setActive("user:bob", false, { name: "user.disabled", at: 1, address: "test" });
      await expect(world.stories.changePassword(me, change, caller, "en")).rejects.toEqual(
        refusal("token_revoked"),
      );
      await world.store.users.remove("user:bob", { name: "user.removed", at: 1, address: "test" });
      await expect(world.stories.sendVerification(me, caller, "en")).rejects.toEqual(
        refusal("token_revoked"),
      );
    });

    test("at the sign-in ends every session, and checks the password like a login", async () => {
      await using world = await selfServiceWorld(open);
      await world.signedIn();
      const wrong = { username: "alice", password: "guessed" };
      await expect(
        world.stories.changePasswordAtSignIn(wrong, newPassword, caller, "en", "client"),
      ).rejects.toEqual(refusal("invalid_credentials"));
      const right = { username: "ALICE@example.com", password };
      await world.stories.changePasswordAtSignIn(right, newPassword, caller, "en", "client");
      expect(await world.opens("alice", newPassword)).toBe(true);
      expect(await world.liveSessions()).toEqual([]);
      expect(world.heard).toMatchObject([
        { name: "login.failed", client: "client" },
        { name: "user.password_changed", reason: "owner", client: "client" },
      ]);
    });

    test("works on a server that sends no mails", async () => {
      await using world = await selfServiceWorld(open, { mail: false });
      const me = await world.signedIn();
      await world.stories.changePassword(me, change, caller, "en");
      expect(await world.store.outbox.count()).toBe(0);
    });
  });

  describe(`a change of the own e-mail address: ${engine}`, () => {
    const begin = { email: "New@Example.com", currentPassword: password };

    test("takes effect when the link is used, and is announced at the old address", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      await world.stories.beginEmailChange(me, begin, caller, "fr");
      expect(await world.store.users.byId("user:alice")).toMatchObject({ email: "alice@example.com" });
      const [mail] = await world.sentMails();
      expect(mail).toMatchObject({
        content: { kind: "change_email" },
        recipient: "New@Example.com",
        userId: "user:alice",
        language: "fr",
      });
      const link = world.tokenOf(mail);
      expect(await world.stories.describeLink(link)).toMatchObject({
        purpose: "change_email",
        email: "New@Example.com",
        username: "alice",
      });
      expect(await world.stories.confirmEmail(link, caller, "fr")).toEqual({
        purpose: "change_email",
        email: "New@Example.com",
        username: "alice",
      });
      expect(await world.store.users.byId("user:alice")).toMatchObject({
        email: "New@Example.com",
        emailVerifiedAt: world.now(),
      });
      expect(world.heard).toMatchObject([{ name: "user.changed", reason: "email", subject: "user:alice" }]);
      expect(await world.sentMails()).toMatchObject([
        {
          content: { kind: "email_changed", newAddress: "New@Example.com" },
          recipient: "alice@example.com",
        },
      ]);
      expect(await world.liveSessions()).toEqual([me.sessionId]);
    });

    test("to the address of another account tells its owner alone", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      const taken = { ...begin, email: "BOB@example.com" };
      await world.stories.beginEmailChange(me, taken, caller, "en");
      expect(await world.sentMails()).toMatchObject([
        { content: { kind: "address_taken" }, recipient: "BOB@example.com", linkId: null },
      ]);
    });

    test("to an address that was taken meanwhile is refused, and changes nothing", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      await world.stories.beginEmailChange(me, begin, caller, "en");
      const link = await world.sentLink("change_email");
      const bob = await world.signedIn("bob");
      await world.stories.beginEmailChange(bob, begin, caller, "en");
      await world.stories.confirmEmail(await world.sentLink("change_email"), caller, "en");
      await world.sentMails();
      await expect(world.stories.confirmEmail(link, caller, "en")).rejects.toEqual(refusal("email_taken"));
      expect(await world.store.users.byId("user:alice")).toMatchObject({
        email: "alice@example.com",
        emailVerifiedAt: null,
      });
      expect(await world.sentMails()).toEqual([]);
    });

    test("to one address by two users at once succeeds for one of them", async () => {
      await using world = await selfServiceWorld(open);
      const links = [];
      for (const name of ["alice", "bob"]) {
        await world.stories.beginEmailChange(await world.signedIn(name), begin, caller, "en");
        links.push(await world.sentLink("change_email"));
      }
      const tries = await Promise.allSettled(
        links.map((link, number) =>
          (number === 0 ? world.stories : world.elsewhere).confirmEmail(link, caller, "en"),
        ),
      );
      expect(tries.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(tries).toContainEqual({ status: "rejected", reason: refusal("email_taken") });
    });

    test("by one link is made once, of twenty uses at once", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.beginEmailChange(await world.signedIn(), begin, caller, "en");
      const link = await world.sentLink("change_email");
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, (_, number) =>
          (number % 2 === 0 ? world.stories : world.elsewhere).confirmEmail(link, caller, "en"),
        ),
      );
      expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const one of tries)
        if (one.status === "rejected") expect(one.reason).toEqual(refusal("invalid_link"));
      expect(await world.sentMails()).toHaveLength(1);
    });

    test("outdates the links that were sent to the old address", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      await world.stories.sendVerification(me, caller, "en");
      const verify = await world.sentLink("verify");
      await world.stories.forgotPassword("alice", caller, "en");
      const reset = await world.sentLink("reset");
      await world.stories.beginEmailChange(me, begin, caller, "en");
      await world.stories.confirmEmail(await world.sentLink("change_email"), caller, "en");
      await expect(world.stories.confirmEmail(verify, caller, "en")).rejects.toEqual(refusal("invalid_link"));
      await expect(world.stories.resetPassword(reset, newPassword, caller, "en")).rejects.toEqual(
        refusal("invalid_link"),
      );
    });

    test("is outdated by a new password", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      await world.stories.beginEmailChange(me, begin, caller, "en");
      const link = await world.sentLink("change_email");
      await world.stories.changePassword(me, change, caller, "en");
      await expect(world.stories.confirmEmail(link, caller, "en")).rejects.toEqual(refusal("invalid_link"));
    });

    test.each([
      ["no address", "alice"],
      ["an address with a line break", "a\n@example.com"],
      ["an address of 300 characters", `${"x".repeat(290)}@example.com`],
    ])("to %s is refused before anything is sent", async (_name, email) => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      await expect(world.stories.beginEmailChange(me, { ...begin, email }, caller, "en")).rejects.toEqual(
        refusal("validation_error"),
      );
      expect(await world.store.outbox.count()).toBe(0);
    });

    test("sends five mails an hour for one user, and five to one address", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      for (let time = 0; time < 5; time++)
        await world.stories.beginEmailChange(me, { ...begin, email: `new${time}@example.com` }, caller, "en");
      await expect(world.stories.beginEmailChange(me, begin, caller, "en")).rejects.toEqual(
        refusal("rate_limited"),
      );
      world.advance(60 * minute);
      await world.stories.beginEmailChange(me, begin, caller, "en");
      for (let time = 0; time < 4; time++) await world.stories.signUp("new@example.com", from(time), "en");
      const bob = await world.signedIn("bob");
      await expect(world.stories.beginEmailChange(bob, begin, caller, "en")).rejects.toEqual(
        refusal("rate_limited"),
      );
    });
  });

  describe(`a confirmation of the own e-mail address: ${engine}`, () => {
    test("verifies the address once", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      await world.stories.sendVerification(me, caller, "en");
      const link = await world.sentLink("verify");
      await world.stories.describeLink(link);
      await world.stories.describeLink(link);
      expect(await world.store.users.byId("user:alice")).toMatchObject({ emailVerifiedAt: null });
      expect(await world.stories.confirmEmail(link, caller, "en")).toEqual({
        purpose: "verify",
        email: "alice@example.com",
        username: "alice",
      });
      expect(await world.store.users.byId("user:alice")).toMatchObject({ emailVerifiedAt: world.now() });
      expect(world.heard).toMatchObject([{ name: "user.changed", reason: "email_verified" }]);
      await expect(world.stories.confirmEmail(link, caller, "en")).rejects.toEqual(refusal("invalid_link"));
    });

    test("goes on if an unrelated change of the user comes first", async () => {
      await using world = await selfServiceWorld(open);
      const me = await world.signedIn();
      await world.stories.sendVerification(me, caller, "en");
      const link = await world.sentLink("verify");
      const read = world.store.users.byId;
      const user = await read("user:alice");
      if (user === undefined) throw new Error("no user");
      const keys = { usernameKey: "alice", emailKey: "alice@example.com" };
      const event = { name: "user.changed", at: 1, address: "test" } as const;
      await world.store.users.change({ ...user, ...keys, displayName: "Alice" }, [event]);
      await world.stories.confirmEmail(link, caller, "en");
      expect(await read("user:alice")).toMatchObject({ displayName: "Alice", emailVerifiedAt: world.now() });
    });
  });

  describe(`a server that sends no mails: ${engine}`, () => {
    test("answers like one without these operations", async () => {
      await using world = await selfServiceWorld(open, { mail: false });
      const me = await world.signedIn();
      const { stories } = world;
      expect(stories).toMatchObject({ mail: false, signUpBy: "off" });
      for (const refused of [
        stories.beginEmailChange(me, { email: "a@example.com", currentPassword: password }, caller, "en"),
        stories.sendVerification(me, caller, "en"),
        stories.confirmEmail("lkl_", caller, "en"),
        stories.forgotPassword("alice", caller, "en"),
        stories.resetPassword("lkl_", newPassword, caller, "en"),
        stories.sendReset("user:alice", { by: { address: "test" } }, "en"),
        stories.signUp("a@example.com", caller, "en"),
        stories.invite("a@example.com", ["user"], { by: { address: "test" }, isMachine: false }, "en"),
        stories.join("lkl_", { username: "a", password, displayName: null }, caller),
        stories.describeLink("lkl_"),
      ])
        await expect(refused).rejects.toEqual(refusal("not_found"));
    });
  });
}
