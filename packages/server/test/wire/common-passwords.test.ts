import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import type { PasswordProblem } from "../../src/core/passwords/password-problem.ts";
import { passwordProblem } from "../../src/core/passwords/policy.ts";
import { runInThread } from "../../src/password-checks/threads.ts";
import { pythonEnvironment, run } from "./tools.ts";

const django = "Django==5.2.19";

const requester = { address: "192.0.2.1", account: "alice" };

const rules = {
  minLength: 8,
  words: ["latchkey"],
  strength: (password: string, words: readonly string[]) =>
    runInThread("strength", { password, words }, requester),
  breaches: [],
  breachFailure: "open",
} as const;

const problemWith = (password: string) =>
  passwordProblem(password, { names: ["alice", "alice@example.com"] }, rules, requester);

/** The passwords of the list of the published Django that are long enough. */
let listed: readonly string[];
beforeAll(async () => {
  const environment = await pythonEnvironment("django");
  await run(`${environment}/bin/pip`, ["install", "--quiet", "--no-deps", django]);
  const lib = join(environment, "lib");
  const python = readdirSync(lib).find((name) => name.startsWith("python"));
  if (python === undefined) throw new Error(`${lib} holds no Python`);
  const list = join(lib, python, "site-packages/django/contrib/auth/common-passwords.txt.gz");
  listed = gunzipSync(readFileSync(list))
    .toString()
    .trimEnd()
    .split("\n")
    .filter((password) => [...password].length >= 8);
});

test("every common password of Django's list is refused", async () => {
  expect(listed.length).toBeGreaterThan(8_000);
  const accepted: string[] = [];
  const reasons = new Map<PasswordProblem["reason"], number>();
  for (const password of listed) {
    const problem = await problemWith(password);
    if (problem === undefined) accepted.push(password);
    else reasons.set(problem.reason, (reasons.get(problem.reason) ?? 0) + 1);
  }
  expect(accepted).toEqual([]);
  expect(reasons.get("common")).toBe(listed.length);
});

test.each([
  ["Alice2024!", "guessable"],
  ["Latchkey1", "guessable"],
  ["111111111111111", "common"],
  ["987654321", "common"],
] as const)("%s is refused as %s", async (password, reason) => {
  const problem = await problemWith(password);
  expect(problem?.reason).toBe(reason);
});
