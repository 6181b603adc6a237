import { afterEach, beforeEach, expect, test } from "vitest";
import type { People } from "../../src/core/people/people.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { peopleOf } from "./people-of.ts";

let store: Store;
let people: People;

beforeEach(async () => {
  store = await openStore({ place: { engine: "memory" }, onAudit: () => {} });
  people = peopleOf(store);
});
afterEach(() => store.close());

const add = (username: string, email: string, roles = ["user"]) =>
  people.add({ username, email, displayName: null, roles }, "correct horse battery");

test.each([
  ["u@exämple.org", "u@xn--exmple-cua.org"],
  ["u@xn--exmple-cua.org", "u@EXÄMPLE.org"],
  ["u@例え.jp", "u@例え。jp"],
])("%s is one mailbox with %s", async (first, second) => {
  await add("first", first);
  await expect(add("second", second)).rejects.toThrow(`the e-mail address ${second} is taken`);
  expect((await people.find(second)).username).toBe("first");
});

test("a mailbox stored in Punycode counts as taken in Unicode too", async () => {
  const stored = await add("old", "old@example.com");
  await people.remove("old");
  const event = { name: "user.added", at: 0, address: "test" } as const;
  const keys = { usernameKey: "old", emailKey: "u@xn--exmple-cua.org" };
  await store.users.add({ ...stored, ...keys, id: "user:old~2", passwordHash: "$argon2id$" }, event);
  await expect(add("new", "u@exämple.org")).rejects.toThrow("is taken");
  expect((await people.find("u@exämple.org")).username).toBe("old");
});

test.each([
  ["a user name", "ali\u034fce", "a@example.com", ["user"]],
  ["an e-mail address", "alice", "a\u3164@example.com", ["user"]],
  ["the domain of an e-mail address", "alice", "a@exa\u00admple.com", ["user"]],
  ["a role", "alice", "a@example.com", ["admin\u3164"]],
])("an invisible character in %s is refused", async (_field, username, email, roles) => {
  await expect(add(username, email, roles)).rejects.toThrow(/invisible|breaks this rule$/);
  expect(await people.list()).toEqual([]);
});
