import { describe, expect, test } from "vitest";
import { canonicalName } from "../../src/core/passwords/account-names.ts";
import { searchUsers } from "../../src/core/people/search-users.ts";
import type { SearchPosition, UserQuery } from "../../src/core/people/user-search.ts";
import type { Store } from "../../src/store/store.ts";
import { mostExamined } from "../../src/store/tables/user-pages.ts";
import { event, now, user } from "./store-rows.ts";

/** The contract of the search of users. The store has the user `alice`. */
export function userSearchContract(storeOf: () => Store): void {
  type Names = readonly [username: string, email: string, displayName: string | null];

  const add = ([username, email, displayName]: Names, values: { readonly roles?: readonly string[] } = {}) =>
    storeOf().users.add(
      {
        ...user(username),
        ...{ usernameKey: canonicalName(username), email, emailKey: canonicalName(email), displayName },
        ...values,
      },
      event("user.added"),
    );

  /** All pages of a search. @param between runs after each page */
  async function found(
    query: Omit<UserQuery, "limit">,
    limit = 3,
    between = async () => {},
  ): Promise<string[]> {
    const names: string[] = [];
    for (let after: SearchPosition | undefined; ; ) {
      const page = await searchUsers(storeOf().userSearch, { ...query, limit, after });
      expect(page.users.length).toBeLessThanOrEqual(limit);
      names.push(...page.users.map(({ username }) => username));
      if (page.next === undefined) return names;
      after = page.next;
      await between();
    }
  }

  describe("the search of users", () => {
    test("finds user names, then addresses, then display names, each user once", async () => {
      await add(["al", "al@example.com", "Al"]);
      await add(["zed", "ALBERT@example.com", null]);
      await add(["bob", "bob@example.com", "Alfred B."]);
      await add(["carl", "carl@example.com", null]);
      expect(await found({ search: "AL" })).toEqual(["al", "alice", "zed", "bob"]);
      expect(await found({ search: "alb" })).toEqual(["zed"]);
      expect(await found({ search: "nobody" })).toEqual([]);
    });

    test("without a text finds every user by name", async () => {
      for (const name of ["b", "d", "c", "é", "zoë"]) await add([name, `${name}@example.com`, null]);
      for (const search of [undefined, "", "  "])
        expect(await found({ search }, 2)).toEqual(["alice", "b", "c", "d", "zoë", "é"]);
    });

    test.each(["%", "_", "a%", "\\", "'", "*", "?", "[", "\0", "\u{d800}", "\u{10ffff}", "x".repeat(257)])(
      "takes %j as it is",
      async (search) => {
        expect(await found({ search })).toEqual([]);
      },
    );

    test("finds names with the characters of patterns", async () => {
      await add(["a%b", "percent@example.com", "50% _off_"]);
      expect(await found({ search: "a%" })).toEqual(["a%b"]);
      expect(await found({ search: "50% _" })).toEqual(["a%b"]);
    });

    const scripts: readonly Names[] = [
      ["ÉLODIE", "elodie@exämple.org", "Élodie Strauß"],
      ["νικοσ.παπ", "nikos@example.com", "ΝΙΚΟΣ Παπασ"],
      ["дмитрий", "dmitri@пример.рф", "Дмитрий"],
      ["李小龍", "li@例え.jp", "李 小龍"],
      ["ıstanbul", "i@example.com", "İstanbul"],
      ["straße", "s@example.com", "ﬁne ﬂight"],
      ["𝓩oe", "m@example.com", "🚀 crew"],
    ];

    test.each(scripts)("finds %s by every beginning of a name, in any case", async (...names) => {
      await add(names);
      for (const name of names) {
        if (name === null) continue;
        const characters = [...name];
        for (let length = 1; length <= characters.length; length++) {
          const beginning = characters.slice(0, length).join("");
          for (const search of [beginning, beginning.toUpperCase(), beginning.toLowerCase()])
            expect(await found({ search }), search).toContain(names[0]);
        }
      }
    });

    test("finds an address in the spelling of an earlier version", async () => {
      const stored = { ...user("old"), email: "u@exämple.org", emailKey: "u@xn--exmple-cua.org" };
      await storeOf().users.add(stored, event("user.added"));
      expect(await found({ search: "U@EXÄMPLE.org" })).toEqual(["old"]);
    });

    test("filters by role, state and confirmed address", async () => {
      await add(["bob", "bob@example.com", null], { roles: ["editor", "user"] });
      await add(["eve", "eve@example.com", null], { roles: ["edit"] });
      await storeOf().users.setActive("user:eve", false, event("user.disabled"));
      const alice = await storeOf().users.byId("user:alice");
      if (alice !== undefined)
        await storeOf().users.change({ ...alice, emailVerifiedAt: 1 }, [event("user.changed")]);
      expect(await found({ role: "editor" })).toEqual(["bob"]);
      expect(await found({ role: "edit" })).toEqual(["eve"]);
      expect(await found({ role: "%" })).toEqual([]);
      expect(await found({ active: false })).toEqual(["eve"]);
      expect(await found({ active: true })).toEqual(["alice", "bob"]);
      expect(await found({ verified: true })).toEqual(["alice"]);
      expect(await found({ verified: false, active: true, search: "b" })).toEqual(["bob"]);
    });

    describe("among many users who do not match", () => {
      const names = Array.from({ length: 2 * mostExamined + 10 }, (_, n) => `m${String(n).padStart(5, "0")}`);
      // `alice` is the first one in the order of names. So the second and third end a page that is bounded.
      const few = [0, mostExamined - 2, mostExamined - 1, 2 * mostExamined + 9].map((n) => names[n] ?? "");

      async function addMany(marked: (name: string) => object): Promise<void> {
        const table = await storeOf().userImport();
        for (let n = 0; n < names.length; n += 200) {
          const some = names.slice(n, n + 200);
          await table.add(
            some.map((name) => ({
              ...user(name),
              ...{ displayName: `Person ${name}`, active: true, createdAt: now },
              ...(few.includes(name) && marked(name)),
            })),
            some.map(() => event("user.imported")),
          );
        }
      }

      test("finds the few by a filter without an index, in order, in bounded pages", async () => {
        await addMany(() => ({ emailVerifiedAt: now }));
        let pages = 0;
        const count = async () => void pages++;
        for (const search of [undefined, "m", "person"]) {
          pages = 0;
          expect(await found({ search, verified: true }, 100, count), search).toEqual(few);
          expect(pages, search).toBeGreaterThanOrEqual(2);
        }
        for (const limit of [1, 2, 3]) expect(await found({ verified: true }, limit)).toEqual(few);
      });

      test("finds the few disabled ones in one page", async () => {
        await addMany(() => ({ active: false }));
        for (const search of [undefined, "m", "person"]) {
          const page = await searchUsers(storeOf().userSearch, { search, active: false, limit: 100 });
          expect(
            page.users.map(({ username }) => username),
            search,
          ).toEqual(few);
          expect(page.next, search).toBeUndefined();
        }
      });

      test("finds the few with a role in one page", async () => {
        await addMany((name) => ({ roles: name === few[0] ? ["editor"] : ["user", "editor"] }));
        for (const search of [undefined, "m", "person"]) {
          const page = await searchUsers(storeOf().userSearch, { search, role: "editor", limit: 100 });
          expect(
            page.users.map(({ username }) => username),
            search,
          ).toEqual(few);
          expect(page.next, search).toBeUndefined();
        }
      });

      test("finds no disabled user after all are enabled", async () => {
        await addMany(() => ({ active: false }));
        for (const name of few) await storeOf().users.setActive(`user:${name}`, true, event("user.enabled"));
        expect(await found({ active: false })).toEqual([]);
      });
    });

    test("skips and repeats nobody while users are added and removed", async () => {
      const letters = [..."cdefghijk"];
      for (const letter of letters) await add([`u${letter}`, `${letter}@example.com`, `U ${letter}`]);
      let turn = 0;
      const names = await found({ search: "u" }, 2, async () => {
        turn++;
        await add([`ua${turn}`, `ua${turn}@example.com`, null]);
        await storeOf().users.remove(`user:ua${turn - 1}`, event("user.removed"));
      });
      expect(names.filter((name) => name.length === 2)).toEqual(letters.map((letter) => `u${letter}`));
      expect(new Set(names).size).toBe(names.length);
    });

    test("leaves out removed users", async () => {
      await storeOf().sessions.live(0);
      await add(["bob", "bob@example.com", "Bob"]);
      await storeOf().users.remove("user:bob", event("user.removed"));
      for (const search of ["bob", "removed", ""]) expect(await found({ search })).not.toContain("bob");
    });
  });
}
