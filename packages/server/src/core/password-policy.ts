import { canonicalName } from "./account-names.ts";
import { maxPasswordBytes, normalized } from "./passwords.ts";

export interface PasswordPolicy {
  /** In Unicode code points. */
  readonly minLength: number;
}

/**
 * Why a new password cannot be taken, or undefined where it can. After NIST SP 800-63B-4 §3.1.1.2: length
 * and a blocklist, no rules of composition.
 *
 * @param names of the user, which must not be the password
 */
export async function passwordProblem(
  password: string,
  names: readonly string[],
  policy: PasswordPolicy,
): Promise<string | undefined> {
  const typed = normalized(password);
  if (typed === undefined && password !== "") {
    return `the password must not be longer than ${maxPasswordBytes} bytes`;
  }
  if (typed === undefined || [...typed].length < policy.minLength) {
    return `the password must have at least ${policy.minLength} characters`;
  }
  const folded = canonicalName(typed);
  if (names.some((name) => folded === canonicalName(name) || folded === localPart(name))) {
    return "the password must not be the user's own name or e-mail address";
  }
  // The whole password is compared, never a part of it: so the standard says, and so passphrases stay free.
  if (folded === "latchkey" || (await commonPasswords()).has(folded)) {
    return "this password is too common: it is among the first that an attacker tries";
  }
  return undefined;
}

function localPart(name: string): string | undefined {
  return canonicalName(name).split("@", 1)[0];
}

/** Loaded anew each time: 49,000 passwords are asked for once in a while, and take megabytes meanwhile. */
async function commonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  return new Set(dictionary["passwords-common"].map((password) => String(password)));
}
