import { expect, test } from "vitest";
import { operator } from "../../src/core/audit-events.ts";
import { nameFingerprints } from "../../src/core/passwords/account-names.ts";
import type { QueuedRequester } from "../../src/core/passwords/fair-slots.ts";
import { HashQueue } from "../../src/core/passwords/hash-queue.ts";
import { Passwords } from "../../src/core/passwords/passwords.ts";
import type { PasswordRules } from "../../src/core/passwords/policy.ts";
import { createNewPasswords } from "../../src/core/people/new-passwords.ts";
import { localAccounts } from "../../src/identity/local.ts";
import { openStore } from "../../src/store/store.ts";
import { anyPassword } from "./any-password.ts";
import { userChangesOf } from "./people-of.ts";

/** Rules that note the turns in which passwords are measured. */
function notedRules() {
  const turns: QueuedRequester[] = [];
  const passwordRules: PasswordRules = {
    ...anyPassword,
    strength: async (_password, _words, requester) => {
      turns.push(requester);
      return { verdict: "strong" };
    },
  };
  return { turns, passwordRules };
}

const person = { username: "alice", email: "alice@example.com", displayName: null };
const password = "umbrella quartz meadow";

test("a password of a user's own is measured in the turn of address and account", async () => {
  const store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  const queue = new HashQueue({ concurrency: 1, maxWaiting: 1 });
  const passwords = new Passwords({ memory: 64, iterations: 1, parallelism: 1 }, queue);
  const fingerprint = Buffer.alloc(32, 1);
  const accounts = localAccounts(store.users, passwords, fingerprint);
  const { turns, passwordRules } = notedRules();
  const { signal } = new AbortController();
  const caller = { address: "192.0.2.1", requestId: "r1", signal };
  await createNewPasswords({ accounts, passwords, passwordRules }).hash(password, person, caller);
  await store.close();
  expect(turns).toMatchObject([{ address: "192.0.2.1", account: nameFingerprints(fingerprint)("alice") }]);
  expect(turns[0]?.signal).toBe(signal);
});

test("a password that an administrator sets is measured in the turn of address and user", async () => {
  const store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  const { turns, passwordRules } = notedRules();
  const changes = userChangesOf(store, { passwordRules });
  const root = { address: "192.0.2.9", requestId: "r1", actor: "user:root" };
  await changes.add({ ...person, roles: ["user"], password }, { by: operator });
  await changes.setPassword("user:alice", password, { by: root });
  await store.close();
  expect(turns).toEqual([
    { address: "cli", account: "user:alice" },
    { address: "192.0.2.9", account: "user:alice" },
  ]);
});
