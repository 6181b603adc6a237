import type { LocalUser, UserRecord } from "./users.ts";

/** A search of users, as a caller asks for it. */
export interface UserQuery {
  /** The beginning of a user name, an e-mail address or a display name, in any case. Default: every user. */
  readonly search?: string | undefined;
  readonly role?: string | undefined;
  /** Default: active and disabled users. */
  readonly active?: boolean | undefined;
  /** Whether the e-mail address is confirmed. Default: both. */
  readonly verified?: boolean | undefined;
  /** Users of one page, at most. */
  readonly limit: number;
  /** The position behind which the page begins: `next` of the page before. */
  readonly after?: SearchPosition | undefined;
}

/** The place of a user in the results of one search. A caller passes it on as an opaque text. */
export interface SearchPosition {
  /** The branch of the search, from 0. */
  readonly branch: number;
  /** The key of the branch's column. */
  readonly key: string;
  readonly id: string;
}

/** A page of users. It may be short or empty while `next` is there: a page reads a bounded number of rows. */
export interface FoundPage {
  readonly users: readonly UserRecord[];
  /** The position of the next page. Undefined after the last one. */
  readonly next: SearchPosition | undefined;
}

/** The column that a branch of a search reads, in its order. */
export type SearchColumn = "username" | "email" | "displayName";

/** Keys from `from` up to `to`, which is not one of them. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** One branch of a search, as the table reads it. */
export interface SearchPart {
  readonly column: SearchColumn;
  readonly range: KeyRange;
  /** Ranges that earlier branches have answered: their users are left out. At most two of each column. */
  readonly answered: Readonly<Record<"username" | "email", readonly KeyRange[]>>;
  readonly role: string | undefined;
  readonly active: boolean | undefined;
  readonly verified: boolean | undefined;
  readonly after: Omit<SearchPosition, "branch"> | undefined;
  readonly limit: number;
}

/** A page of found users. */
export interface FoundUsers {
  readonly users: readonly LocalUser[];
  /** The position to continue from; undefined at the end of the branch. */
  readonly next: Omit<SearchPosition, "branch"> | undefined;
}

/** The users table, searched. */
export interface UserSearch {
  /** @param part users of one branch, at most `limit` */
  read(part: SearchPart): Promise<FoundUsers>;
  /** Makes display names searchable that an earlier version has stored, in batches of a bounded size. */
  completeKeys(): Promise<void>;
}
