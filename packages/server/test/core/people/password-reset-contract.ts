import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WeakPassword } from "../../../src/core/passwords/password-problem.ts";
import { LinkTokens } from "../../../src/core/people/link-tokens.ts";
import { deriveKeys } from "../../../src/core/tokens/derived-keys.ts";
import { workLog } from "../../api/work-log.ts";
import {
  caller,
  from,
  linkKeys,
  linkTokens,
  newPassword,
  type OpenStores,
  password,
  type SelfServiceWorld,
  selfServiceWorld,
} from "./self-service-world.ts";

const refusal = (code: string) => expect.objectContaining({ code });
const minute = 60_000;
const event = (name: "user.disabled" | "user.enabled" | "user.removed" | "user.changed") => ({
  name,
  at: 1,
  address: "test",
});

/** A reset link of alice. */
async function resetLink(world: SelfServiceWorld): Promise<string> {
  await world.stories.forgotPassword("alice", caller, "en");
  return world.sentLink("reset");
}

/** Resets of forgotten passwords. @param open opens two processes on one empty database */
export function passwordResetContract(engine: string, open: OpenStores): void {
  describe(`a forgotten password: ${engine}`, () => {
    test.each(["alice", " ALICE ", "Alice@Example.com"])("asked for as %j gets one link", async (typed) => {
      await using world = await selfServiceWorld(open);
      await world.stories.forgotPassword(typed, caller, "de");
      expect(world.heard).toEqual([]);
      const [mail, ...others] = await world.sentMails();
      expect(others).toEqual([]);
      expect(mail).toMatchObject({
        content: { kind: "reset" },
        recipient: "alice@example.com",
        userId: "user:alice",
        language: "de",
      });
      expect(world.heard).toMatchObject([
        {
          name: "reset.requested",
          subject: "user:alice",
          address: caller.address,
          requestId: "test",
          at: world.now(),
        },
      ]);
      expect(await world.store.outbox.count()).toBe(0);
    });

    test.each(["nobody", "mallory", "nobody@example.com", "x".repeat(300), "a\0b"])(
      "of %j gets no mail, and the audit trail knows",
      async (typed) => {
        await using world = await selfServiceWorld(open);
        await world.stories.forgotPassword(typed, caller, "en");
        expect(await world.store.outbox.count()).toBe(1);
        expect(await world.sentMails()).toEqual([]);
        expect(await world.store.outbox.count()).toBe(0);
        expect(world.heard).toMatchObject([{ name: "reset.requested", address: caller.address }]);
        const [{ subject } = {}] = world.heard;
        expect(subject).toMatch(typed === "mallory" ? /^user:mallory$/ : /^unknown:[0-9a-f]{16}$/);
      },
    );

    test("costs the same statements for an existing, disabled and unknown account", async () => {
      await using world = await selfServiceWorld(open);
      // Prepares every statement.
      await world.stories.forgotPassword("first", from(0), "en");
      using log = workLog(/./);
      const work = [];
      for (const [number, name] of [
        "alice",
        "nobody",
        "mallory",
        "bob@example.com",
        "x".repeat(300),
      ].entries()) {
        log.take();
        await world.stories.forgotPassword(name, from(number + 1), "en");
        work.push(log.take());
      }
      expect(work[0]?.statements.join(" ")).toContain("insert into outbox");
      expect(work[0]?.statements.join(" ")).not.toContain("users");
      for (const one of work) expect(one).toEqual(work[0]);
    });

    test("gets five mails an hour, and the answer stays the same", async () => {
      await using world = await selfServiceWorld(open);
      // Two names of one account, so that no limit of a name is reached.
      for (let time = 0; time < 8; time++)
        await world.stories.forgotPassword(time % 2 === 0 ? "alice" : "alice@example.com", from(time), "en");
      expect(await world.sentMails()).toHaveLength(5);
      expect(world.heard.map(({ name }) => name)).toEqual(Array(8).fill("reset.requested"));
      world.advance(60 * minute);
      await world.stories.forgotPassword("alice", caller, "en");
      expect(await world.sentMails()).toHaveLength(1);
    });

    test.each(["alice", "nobody"])("of %s is limited by the name, from every network", async (name) => {
      await using world = await selfServiceWorld(open);
      for (let time = 0; time < 10; time++) await world.stories.forgotPassword(name, from(time), "en");
      await expect(world.stories.forgotPassword(name, from(99), "en")).rejects.toMatchObject({
        code: "rate_limited",
        limit: { policy: "reset-name", quota: 10 },
      });
      await world.stories.forgotPassword("another", from(99), "en");
    });

    test("is limited by the network, for every name", async () => {
      await using world = await selfServiceWorld(open);
      for (let time = 0; time < 60; time++) await world.stories.forgotPassword(`name${time}`, caller, "en");
      await expect(world.stories.forgotPassword("alice", caller, "en")).rejects.toMatchObject({
        code: "rate_limited",
        limit: { policy: "reset", quota: 60 },
      });
      world.advance(15 * minute);
      await world.stories.forgotPassword("alice", caller, "en");
    });

    test("whose request two jobs answer gets one mail", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.forgotPassword("alice", caller, "en");
      const claim = { at: world.now(), lease: 1, most: 10 };
      const {
        mails: [late],
      } = await world.store.outbox.claim(claim);
      world.advance(1000);
      const {
        mails: [next],
      } = await world.store.outbox.claim({ ...claim, at: world.now() });
      if (late === undefined || next === undefined) throw new Error("no request");
      await world.elsewhere.answerRequest(next, "alice");
      await world.stories.answerRequest(late, "alice");
      expect(await world.sentMails()).toHaveLength(1);
      expect(world.heard).toHaveLength(1);
    });
  });

  describe(`a reset link: ${engine}`, () => {
    test("sets the password, ends every session, and confirms the address", async () => {
      await using world = await selfServiceWorld(open);
      await world.signedIn();
      const link = await resetLink(world);
      world.heard.length = 0;
      expect(await world.stories.describeLink(link)).toMatchObject({
        purpose: "reset",
        username: "alice",
        expiresAt: world.now() + 30 * minute,
      });
      await world.stories.resetPassword(link, newPassword, caller, "en");
      expect(await world.opens("alice", newPassword)).toBe(true);
      expect(await world.liveSessions()).toEqual([]);
      expect(await world.store.users.byId("user:alice")).toMatchObject({
        emailVerifiedAt: world.now(),
        mustChangePassword: false,
      });
      expect(world.heard).toMatchObject([
        { name: "user.password_changed", reason: "reset", subject: "user:alice" },
      ]);
      expect(await world.sentMails()).toMatchObject([{ content: { kind: "password_changed" } }]);
      expect(await world.store.links.byId(linkTokens.read(link) ?? "")).toBeUndefined();
    });

    test("of which twenty uses come at once, at two replicas, is used once", async () => {
      await using world = await selfServiceWorld(open);
      const link = await resetLink(world);
      const tries = await Promise.allSettled(
        Array.from({ length: 20 }, (_, number) =>
          (number % 2 === 0 ? world.stories : world.elsewhere).resetPassword(
            link,
            `${newPassword} ${number}`,
            caller,
            "en",
          ),
        ),
      );
      const won = tries.flatMap(({ status }, number) => (status === "fulfilled" ? [number] : []));
      expect(won).toHaveLength(1);
      for (const one of tries)
        if (one.status === "rejected") expect(one.reason).toEqual(refusal("invalid_link"));
      expect(await world.opens("alice", `${newPassword} ${won[0]}`)).toBe(true);
      expect(await world.sentMails()).toHaveLength(1);
    });

    test("can be used again after a refused password", async () => {
      await using world = await selfServiceWorld(open);
      const link = await resetLink(world);
      await expect(world.stories.resetPassword(link, "short", caller, "en")).rejects.toBeInstanceOf(
        WeakPassword,
      );
      await world.stories.resetPassword(link, newPassword, caller, "en");
    });

    const outdated: Record<string, (world: SelfServiceWorld, link: string) => unknown> = {
      "was used": (world, link) => world.stories.resetPassword(link, newPassword, caller, "en"),
      "has expired": (world) => world.advance(30 * minute),
      "has expired and was deleted": (world) => {
        world.advance(31 * minute);
        return world.store.purge(world.now(), 1e12);
      },
      "belongs to an older password": async (world) => {
        const change = { currentPassword: password, newPassword, endOthers: false };
        await world.stories.changePassword(await world.signedIn(), change, caller, "en");
      },
      "belongs to a disabled user": (world) =>
        world.store.users.setActive("user:alice", false, event("user.disabled")),
      "belongs to a user who was disabled and enabled": async (world) => {
        await world.store.users.setActive("user:alice", false, event("user.disabled"));
        await world.store.users.setActive("user:alice", true, event("user.enabled"));
      },
      "belongs to a removed user": (world) => world.store.users.remove("user:alice", event("user.removed")),
      "was sent to an earlier address": async (world) => {
        const user = await world.store.users.byId("user:alice");
        if (user === undefined) throw new Error("no user");
        const email = "other@example.com";
        const keys = { usernameKey: "alice", emailKey: email };
        await world.store.users.change({ ...user, ...keys, email }, [event("user.changed")]);
      },
    };
    test.each(Object.keys(outdated))(
      "that %s is refused like any other, and changes nothing",
      async (name) => {
        await using world = await selfServiceWorld(open);
        const link = await resetLink(world);
        await outdated[name]?.(world, link);
        const before = await world.store.users.byId("user:alice");
        world.heard.length = 0;
        await expect(world.stories.resetPassword(link, "an other password", caller, "en")).rejects.toEqual(
          refusal("invalid_link"),
        );
        await expect(world.stories.describeLink(link)).rejects.toEqual(refusal("invalid_link"));
        expect(await world.store.users.byId("user:alice")).toEqual(before);
        expect(world.heard).toEqual([]);
      },
    );

    test("of one purpose serves no other", async () => {
      await using world = await selfServiceWorld(open);
      const { stories } = world;
      const me = await world.signedIn();
      const reset = await resetLink(world);
      await stories.sendVerification(me, caller, "en");
      const verify = await world.sentLink("verify");
      await stories.beginEmailChange(me, { email: "a@example.com", currentPassword: password }, caller, "en");
      const change = await world.sentLink("change_email");
      await stories.signUp("carol@example.com", caller, "en");
      const signUp = await world.sentLink("sign_up");
      const joining = { username: "carol", password: newPassword, displayName: null };
      for (const link of [verify, change, signUp])
        await expect(stories.resetPassword(link, newPassword, caller, "en")).rejects.toEqual(
          refusal("invalid_link"),
        );
      for (const link of [reset, signUp])
        await expect(stories.confirmEmail(link, caller, "en")).rejects.toEqual(refusal("invalid_link"));
      for (const link of [reset, verify, change])
        await expect(stories.join(link, joining, caller)).rejects.toEqual(refusal("invalid_link"));
      expect(await world.opens("alice", password)).toBe(true);
    });

    test("is made for an administrator too, who is named in the audit trail", async () => {
      await using world = await selfServiceWorld(open);
      const by = { address: "192.0.2.9", requestId: "r", actor: "user:bob" };
      await world.stories.sendReset("user:alice", { by }, "fr");
      expect(world.heard).toMatchObject([
        { name: "reset.requested", subject: "user:alice", actor: "user:bob", address: "192.0.2.9" },
      ]);
      await world.stories.resetPassword(await world.sentLink("reset"), newPassword, caller, "en");
      for (const id of ["user:mallory", "user:nobody"])
        await expect(world.stories.sendReset(id, { by }, "en")).rejects.toEqual(refusal("not_found"));
    });

    test("is sent by administrators five times an hour to one account, beside the owner's own", async () => {
      await using world = await selfServiceWorld(open);
      const by = { address: "192.0.2.9", requestId: "r", actor: "user:root" };
      const send = (id = "user:alice") => world.stories.sendReset(id, { by }, "en");
      for (let time = 0; time < 5; time++) {
        await send();
        await world.stories.forgotPassword("alice", caller, "en");
      }
      expect(await world.sentMails()).toHaveLength(10);
      world.heard.length = 0;
      await expect(send()).rejects.toMatchObject({
        code: "rate_limited",
        limit: { policy: "sent-reset", quota: 5, windowSeconds: 3600 },
      });
      expect(world.heard).toEqual([]);
      expect(await world.store.outbox.count()).toBe(0);
      await send("user:bob");
      world.advance(60 * minute);
      await send();
    });

    test("is limited in its uses by the network", async () => {
      await using world = await selfServiceWorld(open);
      for (let time = 0; time < 100; time++)
        await expect(world.stories.confirmEmail("lkl_", caller, "en")).rejects.toEqual(
          refusal("invalid_link"),
        );
      await expect(world.stories.resetPassword("lkl_", newPassword, caller, "en")).rejects.toMatchObject({
        code: "rate_limited",
        limit: { policy: "link", quota: 100 },
      });
    });

    test("is known by its id alone in the database", async () => {
      await using world = await selfServiceWorld(open);
      await world.stories.forgotPassword("alice", caller, "en");
      const [mail] = await world.sentMails();
      const link = world.tokenOf(mail);
      const id = linkTokens.read(link) ?? "";
      expect(id).toBe(mail?.linkId);
      expect(JSON.stringify([await world.store.links.byId(id), mail, world.heard])).not.toContain(link);
    });
  });
}

describe("a link token", () => {
  test("is read back, and with the secrets in any order", () => {
    const id = linkTokens.newId();
    expect(linkTokens.read(linkTokens.write(id))).toBe(id);
    const other = deriveKeys("another secret that is long enough");
    expect(new LinkTokens(other, linkKeys).read(linkTokens.write(id))).toBe(id);
    expect(new LinkTokens(other).read(linkTokens.write(id))).toBeUndefined();
  });

  test("with any changed bit is refused", () => {
    fc.assert(
      fc.property(fc.nat({ max: 255 }), (bit) => {
        const bytes = Buffer.from(linkTokens.write(linkTokens.newId()).slice(4), "base64url");
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(linkTokens.read(`lkl_${bytes.toString("base64url")}`)).toBeUndefined();
      }),
    );
  });

  test("in any other spelling is refused", () => {
    const link = linkTokens.write(linkTokens.newId());
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The last character of 43 carries two bits that are zero.
    const last = alphabet[alphabet.indexOf(link.at(-1) ?? "") + 1];
    for (const other of [
      `${link.slice(0, -1)}${last}`,
      `${link}=`,
      ` ${link}`,
      link.slice(4),
      link.toUpperCase(),
      "",
    ])
      expect(linkTokens.read(other), other).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => linkTokens.read(`lkl_${text}`) === undefined));
  });
});
