import { orUndefined } from "./fields.ts";

/**
 * Refuses an option that does not exist, because a misspelled `timeout` would silently keep the default.
 *
 * @param known an object with the known names as keys
 * @throws {TypeError} with the name, and with the nearest known name or all of them
 */
export function checkNames(options: object, known: object, prefix = ""): void {
  if (Object(options) !== options) throw new TypeError('Options must be an object, such as { baseURL: "…" }');
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known);
    const nearest = names.reduce((best, next) => (distance(name, next) < distance(name, best) ? next : best));
    // With half of its letters changed, a name is rather another idea than a slip.
    const slip = distance(name, nearest) <= name.length / 2;
    const hint = slip ? `did you mean "${prefix}${nearest}"?` : `the options are ${names.join(", ")}`;
    throw new TypeError(`Unknown option "${prefix}${name.slice(0, 40)}": ${hint}`);
  }
}

/** Refuses an address that no request can have. The message does not quote it, because it may hold a password. */
export function checkBaseURL(baseURL: string): void {
  const url = /^https?:\/\//i.test(baseURL) && orUndefined(() => new URL(baseURL));
  if (!url || url.username || url.password)
    throw new TypeError("Invalid baseURL: write http://… or https://… without a user name and a password");
}

/** The number of letters to insert, remove or replace (Levenshtein), in any case. */
function distance(from: string, to: string): number {
  let row = [...to].map((_, index) => index + 1);
  let before = 0;
  for (const letter of from.toLowerCase()) {
    let diagonal = before;
    let left = ++before;
    row = row.map((above, index) => {
      left = Math.min(left + 1, above + 1, diagonal + (letter === to[index]?.toLowerCase() ? 0 : 1));
      diagonal = above;
      return left;
    });
  }
  return row.at(-1) ?? before;
}
