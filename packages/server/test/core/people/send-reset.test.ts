import { afterEach, beforeEach, expect, test } from "vitest";
import { newLinkId } from "../../../src/core/people/link-tokens.ts";
import type { Links } from "../../../src/core/people/links.ts";
import type { Power } from "../../../src/core/people/powers.ts";
import { createSelfServiceLimits } from "../../../src/core/people/self-service-limits.ts";
import { createSendReset } from "../../../src/core/people/send-reset.ts";
import type { ChangeOptions } from "../../../src/core/people/user-changes.ts";
import { openStore, type Store } from "../../../src/store/store.ts";
import { event, now, user } from "../../store/store-rows.ts";
import { userChangesOf } from "../people-of.ts";

let store: Store;
let heard: string[];
beforeEach(async () => {
  heard = [];
  store = await openStore({ place: { engine: "memory" }, onAudit: ({ name }) => heard.push(name) });
  await store.users.add(user("alice"), event("user.added"));
  heard.length = 0;
});
afterEach(() => store.close());

const by = { address: "192.0.2.1", actor: "user:sue" };
const support: ChangeOptions = { by, held: new Set<Power>(["users:write"]) };

/** Sends a reset to alice. @param before runs between the reading of the user and the commit */
function send(options: ChangeOptions, before: () => Promise<unknown> = async () => {}) {
  const links: Pick<Links, "add"> = {
    async add(...given) {
      await before();
      return store.links.add(...given);
    },
  };
  const sendReset = createSendReset({
    ...{ users: store.users, links, clock: () => now },
    limits: createSelfServiceLimits(store.attemptCounters(() => 0)),
    linkTokens: { newId: newLinkId },
  });
  return sendReset("user:alice", options, "en");
}

const change = (values: { readonly roles?: readonly string[]; readonly displayName?: string }) =>
  userChangesOf(store, { clock: () => now }).change("user:alice", values, { by });

test("support mails no link to a user who becomes an administrator before the commit", async () => {
  const promoted = send(support, () => change({ roles: ["admin"] }));
  await expect(promoted).rejects.toMatchObject({ code: "conflict" });
  expect(heard).toEqual(["user.changed"]);
  expect(await store.outbox.count()).toBe(0);
  await expect(send(support)).rejects.toMatchObject({ code: "protected_account" });
});

test("a change before the commit refuses a reset of the version that was read", async () => {
  const overtaken = send({ by, expectedVersion: 0 }, () => change({ displayName: "Alice" }));
  await expect(overtaken).rejects.toMatchObject({ code: "precondition_failed" });
  await expect(send({ by, expectedVersion: 0 })).rejects.toMatchObject({ code: "precondition_failed" });
  expect(await store.outbox.count()).toBe(0);
  await send({ by, expectedVersion: 1 });
  expect(await store.outbox.count()).toBe(1);
});

test("a new name before the commit overtakes no reset of any version", async () => {
  await send({ by }, () => change({ displayName: "Alice" }));
  expect(heard).toEqual(["user.changed", "reset.requested"]);
});
