import { afterAll, beforeAll, expect, test } from "vitest";
import { HashQueue } from "../../src/core/passwords/hash-queue.ts";
import { Passwords } from "../../src/core/passwords/passwords.ts";
import type { People } from "../../src/core/people/people.ts";
import { createUserOf } from "../../src/core/stories/current-user.ts";
import { deriveKeys } from "../../src/core/tokens/derived-keys.ts";
import { localAccounts } from "../../src/identity/local.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { peopleOf } from "../core/people-of.ts";

const caller = { address: "192.0.2.1", requestId: "test" };
const password = "correct horse battery";
const person = { username: "alice", email: "alice@example.com", displayName: null, roles: [] };
const queue = new HashQueue({ concurrency: 1, maxWaiting: 1 });
const passwords = new Passwords({ memory: 64, iterations: 1, parallelism: 1 }, queue);
const clock = () => 0;

let store: Store;
let people: People;
beforeAll(async () => {
  store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  people = peopleOf(store, { passwords, clock });
  await people.add(person, password);
});
afterAll(() => store.close());

const accountsOf = () => localAccounts(store.users, passwords, deriveKeys("a secret").fingerprint);

test.each<[string, () => Promise<unknown>]>([
  [
    "the account of a name",
    async () => {
      const accounts = accountsOf();
      return accounts.find(accounts.nameOf("alice"));
    },
  ],
  [
    "the user of a right password",
    async () => {
      const accounts = accountsOf();
      const verdict = await (await accounts.find(accounts.nameOf("alice"))).checkPassword(password, caller);
      return verdict.ok && verdict.user;
    },
  ],
  ["the user of an id", () => accountsOf().byId("user:alice")],
  [
    "the current user",
    async () => {
      const userOf = createUserOf(accountsOf(), { now: clock, steady: clock });
      const token = { username: "alice", sessionId: "s1", expiresAt: 1, roles: [], scopes: [], claims: {} };
      return userOf({ userId: "user:alice", ...token });
    },
  ],
  ["a user in the list", () => people.list()],
  ["a user found by name", () => people.find("alice")],
  ["a user that was changed", () => people.setActive("alice", true)],
])("%s holds no secret", async (_what, read) => {
  const text = JSON.stringify(await read());
  expect(text).toContain("user:alice");
  for (const secret of ["$argon2id", "passwordHash", "revision"]) expect(text).not.toContain(secret);
});

test.each([
  ["decomposed", "composed", "NFD", "NFC"],
  ["composed", "decomposed", "NFC", "NFD"],
] as const)("a password set in %s letters is right in %s ones", async (_set, _typed, set, typed) => {
  const letters = "gr\u00fc\u00dfe aus \u017dilina";
  await people.setPassword("alice", letters.normalize(set));
  const accounts = accountsOf();
  const account = await accounts.find(accounts.nameOf("alice"));
  expect(await account.checkPassword(letters.normalize(typed), caller)).toMatchObject({ ok: true });
  await people.setPassword("alice", password);
});
