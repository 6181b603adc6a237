import type { PasswordRules } from "../../src/core/passwords/policy.ts";

/** Rules that look at the length alone, for tests of other subjects: no thread, no dictionaries. */
export const anyPassword: PasswordRules = {
  minLength: 8,
  words: [],
  strength: async () => ({ verdict: "strong" }),
  breaches: [],
  breachFailure: "open",
};
