import { describe, expect, test } from "vitest";
import { passwordAdvices, problemOf } from "../../src/core/passwords/password-problem.ts";
import { type PasswordContext, passwordProblem } from "../../src/core/passwords/policy.ts";
import { runInThread } from "../../src/password-checks/threads.ts";

const requester = { address: "192.0.2.1", account: "alice" };

const rules = {
  minLength: 8,
  words: ["latchkey", "login.example.com"],
  strength: (password: string, words: readonly string[]) =>
    runInThread("strength", { password, words }, requester),
  breaches: [],
  breachFailure: "open",
} as const;

const alice: PasswordContext = { names: ["alice", "alice.liddell@example.com"], words: ["Pleasance"] };

const problem = (password: string, context = alice) => passwordProblem(password, context, rules, requester);

describe("a password is refused, with the reason and the cure", () => {
  test.each([
    ["111111111111111", "common", /too common/],
    ["1111111111111112", "guessable", /repeated characters.*three or more words/],
    ["987654321", "common", /among the first that an attacker tries/],
    ["Alice2024!", "guessable", /your own name/],
    ["Latchkey1", "guessable", /the name of this service/],
    ["Liddell1865", "guessable", /your own name/],
    ["pleasance99", "guessable", /your own name/],
    ["Pa$$w0rd!", "guessable", /well-known passwords/],
    ["PassWord123", "common", /too common/],
    ["qwertz12345", "guessable", /./],
    ["abcdefghijkl", "guessable", /sequences/],
    ["alice.liddell", "own_name", /own name or e-mail address/],
    ["short", "too_short", /at least 8 characters/],
    ["é".repeat(513), "too_long", /longer than 1024 bytes/],
  ] as const)("%s: %s", async (password, reason, text) => {
    const found = await problem(password);
    expect(found).toMatchObject({ reason });
    expect(found?.text).toMatch(text);
    expect(found?.text).not.toContain(password);
  });
});

test.each([
  ["a passphrase of three words", "lamp rocket fudge"],
  ["a sentence", "my dog is brown, mostly"],
  ["one from a password manager", "Tb7-qLm_29xZ"],
  ["another one", "kVq7wPz2LmXe"],
  ["letters of another script", "Ουρανίων καρπός"],
  ["pictures", "🙂🗝️🚪🔒🏠🌙⭐🐈"],
  ["512 letters of two bytes", "Ουρανίων καρπός ".repeat(1).padEnd(512, "éàüößñçêîø")],
])("%s is accepted", async (_, password) => {
  expect(await problem(password)).toBeUndefined();
});

describe("characters at random", () => {
  test.each(["GTd7Fguo", "V8FWnFbB", "0JxXujr4", "LOzAxzXM", "k#9vQ!2z"])(
    "eight are refused: %s",
    async (password) => {
      expect(await problem(password)).toMatchObject({ reason: "guessable" });
    },
  );

  test.each(["GTd7FguoX", "V8FWnFbBq", "0JxXujr4P", "LOzAxzXMv", "k#9vQ!2zT"])(
    "nine are accepted: %s",
    async (password) => {
      expect(await problem(password)).toBeUndefined();
    },
  );
});

test("the name of another user says nothing about a password", async () => {
  expect(await problem("Zaphod4242Beeble", { names: ["ford"] })).toBeUndefined();
  expect(await problem("Zaphod4242", { names: ["zaphod"] })).toMatchObject({ reason: "guessable" });
});

test("every advice is one that a text exists for", () => {
  for (const advice of passwordAdvices) {
    expect(problemOf("guessable", { advice: [advice] }).text).toMatch(
      /^this password is too easy to guess: [a-z]/,
    );
  }
});

test("the blocklist knows a password that would take many guesses", async () => {
  // Keys in an order that no dictionary has, and yet on Django's list.
  expect(await problem("w5txn36alfw")).toMatchObject({ reason: "common" });
  expect(await problem("W5TXN36ALFW")).toMatchObject({ reason: "common" });
  expect(await problem("w5txn36alfx")).toBeUndefined();
});
