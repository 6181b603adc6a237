import { createHash } from "node:crypto";
import { LatchkeyError } from "../../core/errors.ts";

/** A position in a list: texts and whole numbers. */
export type Position = readonly (string | number)[];

/** The longest cursor, in characters. That of the longest client id has 2,027, and that of the longest names 1,600. */
export const longestCursor = 2048;

/**
 * The cursors of one list under one query, as opaque texts. A cursor of another list or query is refused: its position
 * has no meaning here.
 *
 * @param list the name of the list
 * @param query the filters of the request
 */
export function cursorsOf(list: string, query: object) {
  const scope = createHash("sha256")
    .update(JSON.stringify([list, query]))
    .digest("base64url")
    .slice(0, 11);
  return {
    write: (position: Position): string =>
      Buffer.from(JSON.stringify([scope, ...position])).toString("base64url"),
    /**
     * Reads a cursor.
     *
     * @param kinds the types of the position's members
     * @throws {LatchkeyError} `invalid_cursor`
     */
    read(cursor: string, ...kinds: readonly ("string" | "number")[]): Position {
      const [found, ...position] = membersIn(cursor);
      if (found !== scope || position.length !== kinds.length) throw new LatchkeyError("invalid_cursor");
      return position.map((member, at) => {
        if (typeof member === "string" && kinds[at] === "string") return member;
        if (typeof member === "number" && kinds[at] === "number" && Number.isSafeInteger(member))
          return member;
        throw new LatchkeyError("invalid_cursor");
      });
    },
  };
}

/** The query of a page. */
export interface PageQuery {
  readonly limit?: string;
  readonly cursor?: string;
}

/**
 * A page of a list in the order of ids, without filters.
 *
 * @param name of the list
 * @param list reads items behind an id
 */
export async function pageById<Item extends { readonly id: string }>(
  name: string,
  { limit = "100", cursor }: PageQuery,
  list: (page: { readonly after?: string | undefined; readonly limit: number }) => Promise<readonly Item[]>,
): Promise<{ readonly items: readonly Item[]; readonly next?: string }> {
  const cursors = cursorsOf(name, {});
  const after = cursor === undefined ? undefined : String(cursors.read(cursor, "string")[0]);
  const most = Number(limit);
  // One more tells whether another page follows.
  const found = await list({ after, limit: most + 1 });
  const items = found.slice(0, most);
  const last = found.length > most ? items.at(-1) : undefined;
  return { items, ...(last !== undefined && { next: cursors.write([last.id]) }) };
}

function membersIn(cursor: string): readonly unknown[] {
  try {
    const members: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(members) ? members : [];
  } catch {
    return [];
  }
}
