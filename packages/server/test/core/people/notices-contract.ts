import { describe, expect, test } from "vitest";
import { operator } from "../../../src/core/audit-events.ts";
import { userChangesOf } from "../people-of.ts";
import {
  caller,
  newPassword,
  type OpenStores,
  password,
  type SelfServiceWorld,
  selfServiceWorld,
} from "./self-service-world.ts";

type Change = (world: SelfServiceWorld, name: string) => Promise<unknown>;

const administered = ({ store }: SelfServiceWorld) => userChangesOf(store, { notices: "en" });

/** Every way to change a password or an address, with the kind of its notice. */
const ways: readonly [way: string, kind: string, change: Change][] = [
  [
    "the owner changes the password",
    "password_changed",
    async (world, name) => {
      const change = { currentPassword: password, newPassword, endOthers: true };
      await world.stories.changePassword(await world.signedIn(name), change, caller, "en");
    },
  ],
  [
    "the owner changes it at the sign-in",
    "password_changed",
    ({ stories }, username) =>
      stories.changePasswordAtSignIn({ username, password }, newPassword, caller, "en"),
  ],
  [
    "the owner resets it",
    "password_changed",
    async (world, name) => {
      await world.stories.forgotPassword(name, caller, "en");
      await world.stories.resetPassword(await world.sentLink("reset"), newPassword, caller, "en");
    },
  ],
  [
    "an administrator sets it",
    "password_changed",
    (world, name) => administered(world).setPassword(`user:${name}`, newPassword, { by: operator }),
  ],
  [
    "the owner changes the address",
    "email_changed",
    async (world, name) => {
      const change = { email: "new@example.com", currentPassword: password };
      await world.stories.beginEmailChange(await world.signedIn(name), change, caller, "en");
      await world.stories.confirmEmail(await world.sentLink("change_email"), caller, "en");
    },
  ],
  [
    "an administrator changes the address",
    "email_changed",
    (world, name) =>
      administered(world).change(`user:${name}`, { email: "new@example.com" }, { by: operator }),
  ],
];

/** Notices of changes. @param open opens two processes on one empty database */
export function noticesContract(engine: string, open: OpenStores): void {
  describe.each(ways)(`if %s: ${engine}`, (_way, kind, change) => {
    test("the user gets a notice at the address before the change", async () => {
      await using world = await selfServiceWorld(open);
      await change(world, "alice");
      expect(await world.sentMails()).toMatchObject([
        { content: { kind }, recipient: "alice@example.com", userId: "user:alice", linkId: null },
      ]);
    });

    test.each(["localhost", "LocalHost"])("nothing waits for an address at %s", async (host) => {
      await using world = await selfServiceWorld(open);
      await world.add("iris", host);
      await change(world, "iris");
      expect((await world.store.users.byId("user:iris"))?.version).toBe(1);
      expect(await world.store.outbox.count()).toBe(0);
    });
  });
}
