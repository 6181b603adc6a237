import { canonicalName } from "./account-names.ts";
import { maxPasswordBytes, normalized } from "./passwords.ts";

/**
 * The reason why a new password is refused; undefined if it is good. It follows NIST SP 800-63B-4 §3.1.1.2: a length
 * and a blocklist, without rules of composition.
 *
 * @param names of the user, which must not be the password
 * @param minLength in Unicode code points
 */
export async function passwordProblem(
  password: string,
  names: readonly string[],
  minLength: number,
): Promise<string | undefined> {
  const typed = normalized(password);
  if (typed === undefined && password !== "") {
    return `the password must not be longer than ${maxPasswordBytes} bytes`;
  }
  if (typed === undefined || [...typed].length < minLength) {
    return `the password must have at least ${minLength} characters`;
  }
  const folded = canonicalName(typed);
  if (names.some((name) => folded === canonicalName(name) || folded === localPart(name))) {
    return "the password must not be the user's own name or e-mail address";
  }
  // The whole password is compared, never a part of it, as the standard says: passphrases stay possible.
  if (folded === "latchkey" || (await commonPasswords()).has(folded)) {
    return "this password is too common: it is among the first that an attacker tries";
  }
  return undefined;
}

function localPart(name: string): string | undefined {
  return canonicalName(name).split("@", 1)[0];
}

/** Loads 49,000 passwords at each call: they are rarely needed and take megabytes. */
async function commonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import("@zxcvbn-ts/language-common");
  return new Set(dictionary["passwords-common"].map((password) => String(password)));
}
