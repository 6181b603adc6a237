import type { SearchColumn } from "../../core/people/user-search.ts";
import { statement } from "../statement.ts";
import { isLocal, type UserRow, userColumns } from "./user-rows.ts";

/**
 * Rows that one page examines, at most. A filter that few users pass would read the whole table for one page. SQLite
 * reads on the event loop, so the bound is also the time in which the server answers nobody else.
 */
export const mostExamined = 1_000;

/** The rows of a page: behind a row, and before `to`. */
export interface PagePlace {
  readonly to: string;
  readonly afterKey: string;
  readonly afterId: string;
}

interface Filters {
  /** The role as it stands in the JSON of a row. */
  readonly role: string | null;
  readonly active: number | null;
  readonly verified: number | null;
}

/** Two ranges of user names and two of addresses that earlier branches have answered. An empty range has none. */
export interface Answered {
  readonly nameFrom: string;
  readonly nameTo: string;
  readonly otherNameFrom: string;
  readonly otherNameTo: string;
  readonly emailFrom: string;
  readonly emailTo: string;
  readonly otherEmailFrom: string;
  readonly otherEmailTo: string;
}

// A value compared with null alone has no type that PostgreSQL could infer, hence the casts.
const passesFilters = `
  (cast(:role as text) is null or replace(users.roles, :role, '') != users.roles)
  and (cast(:active as bigint) is null or users.active = :active)
  and (cast(:verified as bigint) is null or case when users.email_verified_at is null then 0 else 1 end = :verified)`;

const isNew = `
  not (users.username_key >= :nameFrom and users.username_key < :nameTo)
  and not (users.username_key >= :otherNameFrom and users.username_key < :otherNameTo)
  and not (users.email_key >= :emailFrom and users.email_key < :emailTo)
  and not (users.email_key >= :otherEmailFrom and users.email_key < :otherEmailTo)`;

type FoundRow = UserRow & { readonly key: string; readonly isFound: number };

/**
 * The users among which a page searches. Few users are disabled, or have other roles than `user` alone. These have an
 * index for each order, so their pages cost these users and not the table. Its condition is the same text.
 */
const scopes = {
  everybody: "true",
  disabled: `${isLocal} and users.active = 0`,
  withRoles: `${isLocal} and users.roles != '["user"]'`,
} as const;

export type UserScope = keyof typeof scopes;

/**
 * The two statements of a branch. Its index has the order of its results, so a page costs its own rows alone.
 *
 * PostgreSQL plans a prepared statement without its values. Between two limits of a column it expects few rows, and
 * would sort every row of the branch. Behind a pair it expects many, and reads the index in its order.
 */
function pagesOf(column: string, scope: UserScope) {
  const rows = `from users
    where ${scopes[scope]} and (${column}, id) > (:afterKey, :afterId) and ${column} < :to
    order by ${column}, id`;
  const last = `select id ${rows} limit 1 offset ${mostExamined - 1}`;
  const isFound = `${isLocal} and ${passesFilters} and ${isNew}`;
  return {
    // The last row of the bound is in the page even if it is not found: the next page begins behind it. An engine
    // looks for it only after a row that is not found.
    page: statement<PagePlace & Filters & Answered & { limit: number }, FoundRow>(`
      select ${userColumns}, users.${column} as key, case when ${isFound} then 1 else 0 end as "isFound"
      from (select * ${rows} limit ${mostExamined}) as users
      where (${isFound}) or users.id = (${last})
      order by users.${column}, users.id limit :limit`),
    last: statement<PagePlace, { id: string }>(last),
  };
}

function branchOf(column: string): Record<UserScope, ReturnType<typeof pagesOf>> {
  return {
    everybody: pagesOf(column, "everybody"),
    disabled: pagesOf(column, "disabled"),
    withRoles: pagesOf(column, "withRoles"),
  };
}

/** The statements of each branch of a search. */
export const userPages: Readonly<Record<SearchColumn, ReturnType<typeof branchOf>>> = {
  username: branchOf("username_key"),
  email: branchOf("email_key"),
  displayName: branchOf("display_key"),
};
