import { describe, expect, test } from "vitest";
import type { AuditEventName } from "../../src/core/audit-events.ts";
import { importUsers } from "../../src/core/people/import-users.ts";
import type { ImportedUser } from "../../src/core/people/imported-user.ts";
import { mostImportRows, type NewImportedUser } from "../../src/core/people/user-import.ts";
import type { Store } from "../../src/store/store.ts";
import { importedUser } from "../core/imported-rows.ts";
import { event, keysOf, now, user } from "./store-rows.ts";

const row = (name: string): NewImportedUser => ({ ...user(name), active: true, createdAt: now - 5 });
const keys = (name: string) => ({
  id: `user:${name}`,
  usernameKeys: [name],
  emailKeys: [`${name}@example.com`, `${name}@example.com`, `${name}@example.com`],
});

/** The part of the store contract about imports. `alice` is there. */
export function userImportContract(storeOf: () => Store, heard: () => readonly AuditEventName[]): void {
  const table = () => storeOf().userImport();

  async function run(users: readonly ImportedUser[]) {
    const problems: (readonly [number, string])[] = [];
    async function* rows() {
      for (const [index, user] of users.entries()) yield { line: index + 1, user };
    }
    const figures = await importUsers(rows(), {
      table: await table(),
      clock: () => now,
      by: { address: "cli" },
      roles: ["user"],
      onProblem: (line, problem) => void problems.push([line, problem]),
      onProgress: () => {},
    });
    return { ...figures, problems };
  }

  describe("an import", () => {
    test("adds users with all of their fields, and one event for each", async () => {
      const full = {
        ...row("bob"),
        id: "google|7",
        displayName: "Bob Ü",
        roles: ["editor"],
        mustChangePassword: true,
        emailVerifiedAt: now,
        active: false,
      };
      expect(
        await (await table()).add([full, row("carol")], [event("user.imported"), event("user.imported")]),
      ).toBe(true);
      const { usernameKey: _, emailKey: __, ...fields } = full;
      expect(await storeOf().users.byId("google|7")).toMatchObject(fields);
      expect(await storeOf().users.byName(keysOf("carol@example.com"))).toMatchObject({
        active: true,
        createdAt: now - 5,
      });
      expect(heard()).toEqual(["user.imported", "user.imported"]);
    });

    test("adds nothing if one of the names is taken", async () => {
      expect(await (await table()).add([row("bob"), row("alice")], [event("user.imported")])).toBe(false);
      expect(await storeOf().users.byName(keysOf("bob"))).toBeUndefined();
      expect(heard()).toEqual([]);
    });

    test("finds holders by id, user name and address, and ids of removed users", async () => {
      await storeOf().users.add(user("dave"), event("user.added"));
      await storeOf().users.remove("user:dave", event("user.removed"));
      const none = { id: "x", usernameKeys: ["x"], emailKeys: ["x", "x", "x"] };
      const holders = async (of: Partial<ReturnType<typeof keys>>) =>
        (await (await table()).taken([{ ...none, ...of }])).users.map(({ id, isRemoved }) => [id, isRemoved]);
      expect(await holders({ id: "user:alice" })).toEqual([["user:alice", false]]);
      expect(await holders({ usernameKeys: ["y", "alice"] })).toEqual([["user:alice", false]]);
      expect(await holders({ emailKeys: ["y", "y", "alice@example.com"] })).toEqual([["user:alice", false]]);
      expect(await holders({})).toEqual([]);
      expect((await (await table()).taken([keys("dave"), keys("erin")])).spentIds).toEqual(
        new Set(["user:dave"]),
      );
    });

    test("looks up a full batch", async () => {
      const names = Array.from({ length: mostImportRows }, (_, n) => `u${n}`);
      expect(
        await (await table()).add(
          names.map(row),
          names.map(() => event("user.imported")),
        ),
      ).toBe(true);
      const found = await (await table()).taken(names.map(keys));
      expect(found.users).toHaveLength(mostImportRows);
    });

    test("a second run adds nobody, whatever the rows name", async () => {
      const rows = [
        importedUser("bob@example.com"),
        importedUser("bob@example.org", { id: "b2" }),
        importedUser("carol@example.com", { username: "caro" }),
        importedUser("dave@example.com", { id: "d", username: "dave" }),
      ];
      expect(await run(rows)).toEqual({ added: 4, there: 0, failed: 0, problems: [] });
      expect(await run(rows)).toEqual({ added: 0, there: 4, failed: 0, problems: [] });
    });

    test("no id, name or address is shared, in the file or with older users", async () => {
      const { added, there, problems } = await run([
        importedUser("alice@example.com", { username: "another" }),
        importedUser("alice@example.com", { id: "a2", username: "alice" }),
        importedUser("other@example.com", { username: "ALICE" }),
        importedUser("bob@example.com", { id: "b" }),
        importedUser("carol@example.com", { id: "b" }),
        importedUser("BOB@example.com", { id: "b2" }),
        importedUser("erin@example.com", { id: "user:alice", username: "erin" }),
      ]);
      expect([added, there]).toEqual([1, 0]);
      expect(problems).toEqual([
        [1, "another user has the e-mail address alice@example.com already"],
        [2, "another user has the e-mail address alice@example.com already"],
        [3, "there is another user ALICE already"],
        [5, "another user has the id b already"],
        [6, "another user has the e-mail address BOB@example.com already"],
        [7, "another user has the id user:alice already"],
      ]);
    });

    test("rows without a user name get the part before the @, marked if taken", async () => {
      await run([importedUser("alice@example.org"), importedUser("alice@example.net")]);
      const names = (await storeOf().users.list()).map(({ username }) => username);
      expect(names).toEqual([
        "alice",
        expect.stringMatching(/^alice-[0-9a-f]{8}$/),
        expect.stringMatching(/^alice-/),
      ]);
    });

    test("an id of a removed user is never given again", async () => {
      await storeOf().users.remove("user:alice", event("user.removed"));
      const { added, problems } = await run([
        importedUser("a@example.com", { username: "alice" }),
        importedUser("b@example.com", { id: "user:alice" }),
      ]);
      expect(added).toBe(1);
      expect(problems).toEqual([
        [2, "the id user:alice belonged to a user who was removed: it is never given again"],
      ]);
      expect((await storeOf().users.byName(keysOf("alice")))?.id).toMatch(/^user:alice~[a-z2-7]{8}$/);
    });

    test("a name that another process takes in between fails its row alone", async () => {
      const there = await table();
      let first = true;
      const raced = {
        taken: there.taken,
        async add(...given: Parameters<typeof there.add>) {
          if (first) await storeOf().users.add(user("bob"), event("user.added"));
          first = false;
          return there.add(...given);
        },
      };
      const problems: string[] = [];
      async function* rows() {
        yield { line: 1, user: importedUser("bob@example.net", { username: "bob" }) };
        yield { line: 2, user: importedUser("carol@example.com") };
      }
      const figures = await importUsers(rows(), {
        table: raced,
        clock: () => now,
        by: { address: "cli" },
        roles: ["user"],
        onProblem: (_, problem) => void problems.push(problem),
        onProgress: () => {},
      });
      expect(figures).toEqual({ added: 1, there: 0, failed: 1 });
      expect(problems).toEqual(["there is another user bob already"]);
    });
  });
}
