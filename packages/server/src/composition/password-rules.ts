import type { Config } from "../config/config.ts";
import type { PasswordRules } from "../core/passwords/policy.ts";
import { runInThread } from "../password-checks/threads.ts";

/**
 * The rules for new passwords. Composing them loads nothing: a thread loads the dictionaries when a password is set.
 *
 * @param issuer the address of the server; undefined for a command that does not know it
 */
export function passwordRulesOf(config: Config, issuer: string | undefined): PasswordRules {
  return {
    minLength: config.passwordMinLength,
    words: ["latchkey", ...(issuer === undefined ? [] : [new URL(issuer).hostname])],
    strength: (password, words) => runInThread("strength", { password, words }),
    breaches: [],
    breachFailure: "open",
  };
}
