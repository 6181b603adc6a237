/**
 * No user name or e-mail address is longer, in UTF-16 units. Longer names are nobody's, and are not even
 * looked at: bringing 16 KiB of combining marks into order takes a tenth of a second.
 */
export const maxTypedName = 256;

/**
 * The one spelling of a user name or e-mail address: NFKC, no surrounding space, no case. Folding goes
 * through upper case, so that `ß`, `ẞ` and `SS`, or `σ` and `ς`, meet in one spelling.
 */
export function canonicalName(typed: string): string {
  let name = typed;
  // One pass is not always enough: folding case can open a composition, and composing can open a fold.
  for (let pass = 0; pass < 4; pass++) {
    const folded = name.normalize("NFKC").trim().toUpperCase().toLowerCase();
    if (folded === name) break;
    name = folded;
  }
  return name;
}

/** Whether a canonical name is an e-mail address; user names hold no `@`, so the two never meet. */
function isEmailAddress(name: string): boolean {
  return name.includes("@");
}

/** Why a user name cannot be given, or undefined where it can. */
export function usernameProblem(username: string): string | undefined {
  const name = canonicalName(username);
  if (name === "") return "a user name must not be empty";
  if (name.length > 128) return "a user name must not be longer than 128 characters";
  if (isEmailAddress(name)) return "a user name must not contain @: sign-in takes the e-mail address as well";
  if (/[\p{C}\p{Z}]/u.test(name)) return "a user name must not contain spaces or invisible characters";
  return undefined;
}

/** Why an e-mail address cannot be given, or undefined where it can. */
export function emailProblem(email: string): string | undefined {
  const address = canonicalName(email);
  if (address.length > 254) return "an e-mail address must not be longer than 254 characters";
  if (!/^[^@\p{C}\p{Z}]+@[^@\p{C}\p{Z}]+$/u.test(address)) return "that is not an e-mail address";
  return undefined;
}
