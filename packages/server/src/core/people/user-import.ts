import type { AuditEvent } from "../audit-events.ts";
import type { NewUser } from "./users.ts";

/** The most rows of one call, and so of one commit. */
export const mostImportRows = 200;

/** The keys by which a row can meet a user. */
export interface ImportKeys {
  readonly id: string;
  /** The user name that is wanted, and another one for a row that has none of its own. */
  readonly usernameKeys: readonly string[];
  /** The canonical spelling, and those of earlier versions. */
  readonly emailKeys: readonly string[];
}

/** A row of the users table that holds an id, a name or an address. */
export interface UserHolder {
  readonly id: string;
  readonly usernameKey: string;
  readonly emailKey: string;
  /** A removed user keeps the row until the last session is deleted. */
  readonly isRemoved: boolean;
}

/** Everything that stands in the way of some rows. */
export interface TakenKeys {
  readonly users: readonly UserHolder[];
  /** Ids of users that were removed. None of them is given again. */
  readonly spentIds: ReadonlySet<string>;
}

/** A user to import, with everything that the table holds. */
export interface NewImportedUser extends NewUser {
  readonly active: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** The users table, for an import. At most `mostImportRows` rows a call. */
export interface UserImport {
  taken(rows: readonly ImportKeys[]): Promise<TakenKeys>;
  /** Adds all users or none. @returns false if an id or a name was taken meanwhile */
  add(users: readonly NewImportedUser[], events: readonly AuditEvent[]): Promise<boolean>;
}
