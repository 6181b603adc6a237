import { describe, expect, test } from "vitest";
import type { RegisteredClient } from "../../../src/core/oauth/registered-clients.ts";
import type { Inviter } from "../../../src/core/people/self-service.ts";
import {
  caller,
  linkTokens,
  newPassword,
  type OpenStores,
  type SelfServiceWorld,
  selfServiceWorld,
} from "./self-service-world.ts";

const carol = { username: "carol", password: newPassword, displayName: null };
const event = (name: "user.disabled" | "user.enabled" | "user.removed" | "user.changed") =>
  ({ name, at: 1, address: "test" }) as const;
const clientEvent = (name: "client.added" | "client.blocked" | "client.removed") =>
  ({ name, at: 1, address: "test" }) as const;
const invalid = (reason: string) => expect.objectContaining({ code: "invalid_link", reason });
const hour = 3_600_000;

const address = "192.0.2.9";
const root: Inviter = { by: { address, actor: "user:root" }, isMachine: false };
const robot: Inviter = { by: { address, actor: "robot", client: "robot" }, isMachine: true };
const program: Inviter = { by: { address, actor: "user:root", client: "program" }, isMachine: false };
const registeredProgram: Inviter = {
  by: { address, actor: "user:root", client: "lkc_program" },
  isMachine: false,
};

const addedClient = (id: string, scope: string): RegisteredClient => ({
  ...{ id, name: id, redirectUris: [], roles: [], scope, createdAt: 1, blockedAt: null },
  credentials: [{ kind: "none" }],
  grantTypes: ["client_credentials"],
  voucher: { by: "operator" },
  sessionId: `sid of ${id}`,
});

/** A world with the machine `robot`, and a program that acts for users. */
async function worldOf(open: OpenStores): Promise<SelfServiceWorld> {
  const world = await selfServiceWorld(open, { rule: "invitation" });
  const { clients } = world.store;
  await clients.add(addedClient("robot", "users:write roles:write"), clientEvent("client.added"));
  await clients.add(addedClient("program", ""), clientEvent("client.added"));
  world.heard.length = 0;
  return world;
}

type Change = (world: SelfServiceWorld) => Promise<unknown>;

async function changeRoot(world: SelfServiceWorld, change: object): Promise<void> {
  const user = await world.store.users.byId("user:root");
  if (user === undefined) throw new Error("no user");
  expect(await world.store.users.change({ ...user, ...change }, [event("user.changed")])).toBe("changed");
}

const blocking =
  (id: string): Change =>
  ({ store }) =>
    store.clients.block(id, id, clientEvent("client.blocked"), "another sid");
const removing =
  (id: string): Change =>
  ({ store }) =>
    store.clients.remove(id, clientEvent("client.removed"));
const disabling: Change = ({ store }) => store.users.setActive("user:root", false, event("user.disabled"));

const lost = "the inviter has lost a power";
const noClient = "the client of the inviter is blocked or removed";

/** The ways in which an inviter loses the powers, with the reason in the log. */
const losses: readonly (readonly [string, Inviter, readonly string[], Change, string])[] = [
  ["a user who lost the role", root, ["user"], (world) => changeRoot(world, { roles: ["user"] }), lost],
  [
    "a user who may not give the roles any more",
    root,
    ["user", "editor"],
    (world) => changeRoot(world, { roles: ["support"] }),
    lost,
  ],
  ["a disabled user", root, ["user"], disabling, "the inviter is gone or disabled"],
  ["a blocked machine", robot, ["user"], blocking("robot"), noClient],
  ["a removed machine", robot, ["user"], removing("robot"), noClient],
  ["a program that was blocked", program, ["user"], blocking("program"), noClient],
  ["a program that was removed", program, ["user"], removing("program"), noClient],
  [
    "a program that registered itself and was blocked",
    registeredProgram,
    ["user"],
    blocking("lkc_program"),
    noClient,
  ],
  ["a program whose user was disabled", program, ["user"], disabling, "the inviter is gone or disabled"],
];

/** Invitations and the powers of their inviters. @param open opens two processes on one empty database */
export function invitationContract(engine: string, open: OpenStores): void {
  describe(`an invitation ends with the powers of its inviter: ${engine}`, () => {
    test.each(losses)("%s", async (_who, inviter, roles, lose, reason) => {
      await using world = await worldOf(open);
      await world.stories.invite("carol@example.org", roles, inviter, "en");
      const link = await world.sentLink("invitation");
      expect(await world.stories.describeLink(link)).toMatchObject({ purpose: "sign_up" });
      await lose(world);
      world.heard.length = 0;
      await expect(world.stories.describeLink(link)).rejects.toEqual(invalid(reason));
      await expect(world.stories.join(link, carol, caller)).rejects.toEqual(invalid(reason));
      expect(await world.store.users.byId("user:carol")).toBeUndefined();
      expect(world.heard).toEqual([]);
    });

    test.each(losses)(
      "also between the check and the commit: %s",
      async (_who, inviter, roles, lose, reason) => {
        await using world = await worldOf(open);
        await world.stories.invite("carol@example.org", roles, inviter, "en");
        const link = await world.sentLink("invitation");
        world.beforeCommit(() => lose(world));
        await expect(world.elsewhere.join(link, carol, caller)).rejects.toEqual(invalid(reason));
        expect(await world.store.users.byId("user:carol")).toBeUndefined();
        expect(world.heard).not.toContainEqual(expect.objectContaining({ name: "user.signed_up" }));
      },
    );

    test("a removed user, whose invitations are deleted with their mails", async () => {
      await using world = await worldOf(open);
      await world.stories.invite("carol@example.org", ["user"], root, "en");
      await world.stories.invite("dave@example.org", ["user"], robot, "en");
      await world.store.users.remove("user:root", event("user.removed"));
      expect(await world.stories.invitations({ limit: 10 })).toMatchObject([{ email: "dave@example.org" }]);
      expect(await world.sentMails()).toMatchObject([{ recipient: "dave@example.org" }]);
    });

    test("a user who is removed between the check and the commit", async () => {
      await using world = await worldOf(open);
      await world.stories.invite("carol@example.org", ["user"], root, "en");
      const link = await world.sentLink("invitation");
      world.beforeCommit(() => world.store.users.remove("user:root", event("user.removed")));
      await expect(world.stories.join(link, carol, caller)).rejects.toEqual(
        invalid("used, expired or unknown"),
      );
      expect(await world.store.users.byId("user:carol")).toBeUndefined();
    });
  });

  describe(`an invitation goes on: ${engine}`, () => {
    const kept: readonly (readonly [string, Inviter, readonly string[], Change])[] = [
      ["from a machine", robot, ["user", "editor"], async () => {}],
      ["from a program of a user", program, ["user", "editor"], async () => {}],
      ["from a program that registered itself", registeredProgram, ["user"], async () => {}],
      [
        "to the role `user`, if its inviter becomes support",
        root,
        ["user"],
        (world) => changeRoot(world, { roles: ["support"] }),
      ],
      [
        "if the inviter gets the role back",
        root,
        ["user"],
        async (world) => {
          await changeRoot(world, { roles: [] });
          await changeRoot(world, { roles: ["admin"] });
        },
      ],
      [
        "if the inviter is enabled again",
        root,
        ["user"],
        async (world) => {
          await disabling(world);
          await world.store.users.setActive("user:root", true, event("user.enabled"));
        },
      ],
      ["if a user gets the id of the machine", robot, ["user"], addNamesake],
    ];
    test.each(kept)("%s", async (_case, inviter, roles, change) => {
      await using world = await worldOf(open);
      await world.stories.invite("carol@example.org", roles, inviter, "en");
      const link = await world.sentLink("invitation");
      await change(world);
      expect((await world.stories.join(link, carol, caller)).roles).toEqual(roles);
    });

    test.each(kept)("also between the check and the commit: %s", async (_case, inviter, roles, change) => {
      await using world = await worldOf(open);
      await world.stories.invite("carol@example.org", roles, inviter, "en");
      const link = await world.sentLink("invitation");
      world.beforeCommit(() => change(world));
      expect((await world.elsewhere.join(link, carol, caller)).roles).toEqual(roles);
    });
  });

  describe(`a user with the id of a machine: ${engine}`, () => {
    test("invites by the own roles, and not by the scopes of the machine", async () => {
      await using world = await worldOf(open);
      await addNamesake(world);
      await world.stories.invite("carol@example.org", ["user"], { ...robot, isMachine: false }, "en");
      const link = await world.sentLink("invitation");
      await expect(world.stories.join(link, carol, caller)).rejects.toEqual(invalid(lost));
    });
  });

  describe(`an inviter who is removed meanwhile: ${engine}`, () => {
    test("sends nothing, and leaves no trace", async () => {
      await using world = await worldOf(open);
      await world.store.users.remove("user:root", event("user.removed"));
      world.heard.length = 0;
      await expect(world.stories.invite("carol@example.org", ["user"], root, "en")).rejects.toMatchObject({
        code: "forbidden",
      });
      expect(await world.stories.invitations({ limit: 10 })).toEqual([]);
      expect(await world.sentMails()).toEqual([]);
      expect(world.heard).toEqual([]);
    });
  });

  describe(`the list of invitations: ${engine}`, () => {
    test("has what was sent and not used, and nothing else", async () => {
      await using world = await worldOf(open);
      await world.stories.invite("early@example.org", ["user"], root, "en");
      world.advance(6 * 24 * hour);
      const sent = [];
      for (const [email, inviter] of [
        ["carol@example.org", root],
        ["dave@example.org", robot],
        ["erin@example.org", program],
      ] as const) {
        world.advance(1);
        sent.push(await world.stories.invite(email, ["user"], inviter, "en"));
      }
      const at = world.now() - 2;
      await world.stories.forgotPassword("alice", caller, "en");
      await world.stories.join(await world.sentLink("invitation"), { ...carol, username: "erin" }, caller);
      world.advance(24 * hour - 3);
      const expected = sent.slice(0, 2).sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(await world.stories.invitations({ limit: 10 })).toEqual(expected);
      expect(expected).toContainEqual({
        ...{ id: expect.any(String), purpose: "sign_up", userId: null, revision: null },
        ...{ email: "carol@example.org", roles: ["user"], invitedBy: "user:root", invitedWith: null },
        ...{ createdAt: at, expiresAt: at + 7 * 24 * hour },
      });
      const [first] = await world.stories.invitations({ limit: 1 });
      expect(await world.stories.invitations({ after: first?.id, limit: 10 })).toEqual(expected.slice(1));
    });
  });

  describe(`the limit of invitations: ${engine}`, () => {
    const invite = (world: SelfServiceWorld, email: string, inviter = root) =>
      world.stories.invite(email, ["user"], inviter, "en");
    const limited = expect.objectContaining({
      code: "rate_limited",
      limit: { policy: "invitation", quota: 5, windowSeconds: 3600 },
    });

    test("is five an hour to one mailbox, whoever invites", async () => {
      await using world = await worldOf(open);
      for (const [number, inviter] of [root, robot, program, root, robot].entries())
        await invite(world, `carol+${number}@example.org`, inviter);
      world.heard.length = 0;
      for (const email of ["Carol@example.org", "carol+6@EXAMPLE.org"])
        await expect(invite(world, email)).rejects.toEqual(limited);
      expect(world.heard).toEqual([]);
      expect(await world.store.outbox.count()).toBe(5);
      await invite(world, "dave@example.org");
      world.advance(hour);
      await invite(world, "carol@example.org");
    });

    test("is not used up by strangers, nor by refused requests", async () => {
      await using world = await selfServiceWorld(open, { rule: ["example.com"] });
      for (let time = 0; time < 5; time++) await world.stories.signUp("carol@example.com", caller, "en");
      for (const [email, roles] of [
        ["carol@example.com", ["not a role"]],
        ["alice@example.com", ["user"]],
      ] as const)
        for (let time = 0; time < 6; time++)
          await expect(world.stories.invite(email, roles, root, "en")).rejects.not.toEqual(limited);
      for (let time = 0; time < 5; time++) await invite(world, "carol@example.com");
      await expect(invite(world, "carol@example.com")).rejects.toEqual(limited);
    });
  });

  describe(`a withdrawn invitation: ${engine}`, () => {
    const by = { address: "192.0.2.9", requestId: "r", actor: "user:alice" };

    test("opens nothing, and the trail names who withdrew it", async () => {
      await using world = await worldOf(open);
      const { id } = await world.stories.invite("carol@example.org", ["user"], root, "en");
      const link = await world.sentLink("invitation");
      world.heard.length = 0;
      await world.stories.withdrawInvitation(id, { by });
      expect(world.heard).toEqual([
        {
          ...{ name: "user.uninvited", at: world.now(), ...by },
          subject: world.subjectOfUnknown("carol@example.org"),
        },
      ]);
      await expect(world.stories.join(link, carol, caller)).rejects.toEqual(
        invalid("used, expired or unknown"),
      );
      expect(await world.stories.invitations({ limit: 10 })).toEqual([]);
    });

    test("is not sent any more, but other mails are", async () => {
      await using world = await worldOf(open);
      const { id } = await world.stories.invite("carol@example.org", ["user"], root, "en");
      await world.stories.invite("dave@example.org", ["user"], root, "en");
      await world.stories.withdrawInvitation(id, { by });
      expect(await world.sentMails()).toMatchObject([{ recipient: "dave@example.org" }]);
    });

    test("that ten administrators withdraw at once has one event", async () => {
      await using world = await worldOf(open);
      const { id } = await world.stories.invite("carol@example.org", ["user"], root, "en");
      world.heard.length = 0;
      const tries = await Promise.allSettled(
        Array.from({ length: 10 }, (_, number) =>
          (number % 2 === 0 ? world.stories : world.elsewhere).withdrawInvitation(id, { by }),
        ),
      );
      expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(world.heard.map(({ name }) => name)).toEqual(["user.uninvited"]);
    });

    test.each<[string, (world: SelfServiceWorld) => Promise<string>]>([
      ["an unknown id", async () => "unknown"],
      [
        "an expired invitation",
        async (world) => {
          const { id } = await world.stories.invite("carol@example.org", ["user"], root, "en");
          world.advance(7 * 24 * hour);
          return id;
        },
      ],
      [
        "a link of another kind",
        async (world) => {
          await world.stories.forgotPassword("alice", caller, "en");
          return linkTokens.read(await world.sentLink("reset")) ?? "";
        },
      ],
    ])("is not found as %s, and nothing changes", async (_what, idOf) => {
      await using world = await worldOf(open);
      const id = await idOf(world);
      const before = await world.store.links.byId(id);
      world.heard.length = 0;
      await expect(world.stories.withdrawInvitation(id, { by })).rejects.toMatchObject({ code: "not_found" });
      expect(await world.store.links.byId(id)).toEqual(before);
      expect(world.heard).toEqual([]);
    });
  });
}

/** Adds a user without a role that administers, with the id of the machine: an import can bring such an id. */
async function addNamesake({ store }: SelfServiceWorld): Promise<void> {
  const names = { username: "namesake", usernameKey: "namesake" };
  const email = { email: "namesake@example.com", emailKey: "namesake@example.com" };
  const user = { id: "robot", ...names, ...email, displayName: null, roles: ["user"], passwordHash: "none" };
  await store.users.add(user, { name: "user.added", at: 1, address: "test" });
}
