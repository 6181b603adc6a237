import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalName, emailProblem, usernameProblem } from "../../src/core/account-names.ts";

describe("one spelling of a name", () => {
  test.each([
    ["Alice", "alice"],
    ["  alice\n", "alice"],
    ["ＡＬＩＣＥ", "alice"],
    ["e\u0301va", "éva"],
    ["STRASSE", "strasse"],
    ["straße", "strasse"],
    ["ΟΔΥΣΣΕΥΣ", "οδυσσευς"],
    ["οδυσσευσ", "οδυσσευς"],
    ["ﬁnn", "finn"],
  ])("%j is %j", (typed, name) => expect(canonicalName(typed)).toBe(name));

  test("it is its own spelling", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (typed) => {
        const name = canonicalName(typed);
        expect(canonicalName(name)).toBe(name);
      }),
      { numRuns: 3000 },
    );
  });

  test("case, composition and surrounding space make no difference", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (typed) => {
        const name = canonicalName(typed);
        for (const spelt of [
          typed.toUpperCase(),
          typed.normalize("NFD"),
          typed.normalize("NFKC"),
          ` ${typed}\t`,
        ]) {
          expect(canonicalName(spelt)).toBe(name);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test.each(["", " ", "a b", "a@b", "a\u200bb", "a\u0000", "x".repeat(129), "\u202Eadmin"])(
  "%j is no user name",
  (name) => expect(usernameProblem(name)).toMatch(/^a user name must not/),
);
test.each(["alice", "Zoë", "李", "o'brien", "a.b-c_d"])("%j is a user name", (name) =>
  expect(usernameProblem(name)).toBeUndefined(),
);
test.each(["alice", "a@", "@b", "a@b@c", "a b@c", `${"x".repeat(250)}@example.com`])(
  "%j is no e-mail address",
  (address) => expect(emailProblem(address)).toBeDefined(),
);
test.each(["alice@example.com", "admin@localhost", "zoë@exämple.org"])("%j is an e-mail address", (address) =>
  expect(emailProblem(address)).toBeUndefined(),
);
