import { canonicalName, maxTypedName, nameKeys } from "../passwords/account-names.ts";
import type { FoundPage, KeyRange, SearchColumn, UserQuery, UserSearch } from "./user-search.ts";
import { recordOf, type UserRecord } from "./users.ts";

/** Behind every character of a key: a code point that no name may have. */
const behindAll = "\u{10ffff}";

interface Branch {
  readonly column: SearchColumn;
  readonly range: KeyRange;
  readonly answered: Record<"username" | "email", readonly KeyRange[]>;
}

/**
 * Searches users by the beginning of a user name, then of an e-mail address, then of a display name. Each branch reads
 * its own index in its own order. A user that two branches find belongs to the first one.
 *
 * @param query a position of another search gives a page of this search that begins anywhere
 */
export async function searchUsers(reader: UserSearch, query: UserQuery): Promise<FoundPage> {
  const { role, active, verified, limit, after } = query;
  const users: UserRecord[] = [];
  const branches = branchesOf(query.search ?? "");
  for (const [number, branch] of branches.entries()) {
    if (after !== undefined && number < after.branch) continue;
    const found = await reader.read({
      ...branch,
      ...{ role, active, verified },
      after: number === after?.branch ? after : undefined,
      limit: limit - users.length,
    });
    users.push(...found.users.map(recordOf));
    if (found.next !== undefined) return { users, next: { branch: number, ...found.next } };
  }
  return { users, next: undefined };
}

function branchesOf(search: string): Branch[] {
  // No name is longer, or has a control character or half a character.
  if (search.length > maxTypedName || /\p{C}/u.test(search)) return [];
  const ranges = prefixesOf(search).map((prefix) => ({ from: prefix, to: prefix + behindAll }));
  const of = (column: SearchColumn, answered: Branch["answered"]): Branch[] =>
    ranges.map((range) => ({ column, range, answered }));
  const ofNames = of("username", { username: [], email: [] });
  // Every user has a user name.
  if (canonicalName(search) === "") return ofNames;
  return [
    ...ofNames,
    ...of("email", { username: ranges, email: [] }),
    ...of("displayName", { username: ranges, email: ranges }),
  ];
}

/** The prefixes of the keys that a search finds, two at most. */
function prefixesOf(search: string): string[] {
  const { key, older } = nameKeys(search);
  // A key has a final sigma only at the end of a word. The search may end in the middle of one.
  const inWord = key.replace(/ς(?=[^\p{L}\p{N}]*$)/u, "σ");
  const [second] = [inWord, ...older].filter((prefix) => !prefix.startsWith(key) && !key.startsWith(prefix));
  return second === undefined ? [key] : [key, second];
}
