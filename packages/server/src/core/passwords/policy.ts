import { canonicalName } from "./account-names.ts";
import type { QueuedRequester } from "./fair-slots.ts";
import { type PasswordAdvice, type PasswordProblem, problemOf, WeakPassword } from "./password-problem.ts";
import { maxPasswordBytes, normalized } from "./passwords.ts";

/** The strength of a password, by the number of guesses until it is found. */
export type Strength =
  | { readonly verdict: "strong" }
  /** It is on the list of common passwords. */
  | { readonly verdict: "common" }
  | { readonly verdict: "guessable"; readonly advice: readonly PasswordAdvice[] };

/**
 * Measures a password in NFKC.
 *
 * @param words that an attacker tries first: names of the user, of the server and of the product
 * @param requester measures take turns by address and account
 * @throws {LatchkeyError} `overloaded` if the answer takes too long: a password that was not measured is never accepted;
 * `client_gone`
 */
export type StrengthCheck = (
  password: string,
  words: readonly string[],
  requester: QueuedRequester,
) => Promise<Strength>;

/** Looks for a password in NFKC among those of breaches. It never throws. */
export type BreachCheck = (password: string) => Promise<"unknown" | "breached" | "unavailable">;

/** The rules for new passwords. */
export interface PasswordRules {
  /** In Unicode code points. */
  readonly minLength: number;
  /** Words of the server and the product, which no password should consist of. */
  readonly words: readonly string[];
  readonly strength: StrengthCheck;
  /** The sources of known passwords. The next one is asked if the one before it does not know the password. */
  readonly breaches: readonly BreachCheck[];
  /** Whether a password is refused while a source is unavailable. */
  readonly breachFailure: "open" | "closed";
}

/** The owner of a new password. */
export interface PasswordContext {
  /** User name and e-mail address: none of them may be the password. */
  readonly names: readonly string[];
  /** Further words that an attacker would try, such as the display name. */
  readonly words?: readonly (string | null)[];
}

/**
 * The reason why a new password is refused; undefined if it is good. It follows NIST SP 800-63B-4 §3.1.1.2: a length
 * and a blocklist, without rules of composition.
 *
 * @throws {LatchkeyError} `overloaded` if the strength cannot be measured now; `client_gone`
 */
export async function passwordProblem(
  password: string,
  { names, words = [] }: PasswordContext,
  rules: PasswordRules,
  requester: QueuedRequester,
): Promise<PasswordProblem | undefined> {
  const typed = normalized(password);
  if (typed === undefined && password !== "") return problemOf("too_long", { bound: maxPasswordBytes });
  if (typed === undefined || [...typed].length < rules.minLength) {
    return problemOf("too_short", { bound: rules.minLength });
  }
  const folded = canonicalName(typed);
  if (names.some((name) => folded === canonicalName(name) || folded === localPart(name))) {
    return problemOf("own_name");
  }
  const context = [...names, ...words.filter((word) => word !== null), ...rules.words];
  const strength = await rules.strength(typed, context, requester);
  if (strength.verdict === "common") return problemOf("common");
  if (strength.verdict === "guessable") return problemOf("guessable", { advice: strength.advice });
  return breachProblem(typed, rules);
}

/** @throws {WeakPassword} if the password is refused; {LatchkeyError} `overloaded`, `client_gone` */
export async function assertGoodPassword(
  password: string,
  context: PasswordContext,
  rules: PasswordRules,
  requester: QueuedRequester,
): Promise<void> {
  const problem = await passwordProblem(password, context, rules, requester);
  if (problem !== undefined) throw new WeakPassword(problem);
}

async function breachProblem(
  typed: string,
  { breaches, breachFailure }: PasswordRules,
): Promise<PasswordProblem | undefined> {
  let unavailable = false;
  for (const check of breaches) {
    const answer = await check(typed);
    if (answer === "breached") return problemOf("breached");
    if (answer === "unavailable") unavailable = true;
  }
  return unavailable && breachFailure === "closed" ? problemOf("breach_check_unavailable") : undefined;
}

function localPart(name: string): string | undefined {
  return canonicalName(name).split("@", 1)[0];
}
