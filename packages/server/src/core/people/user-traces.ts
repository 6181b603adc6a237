/** The parts of the tables that hold something of a user, besides the user's row and the audit trail. */
export const tracedTables = [
  "sessions",
  "authorizations",
  "links",
  "invitations",
  "known_addresses",
  "password_failures",
  "mails",
] as const;

/** One of these parts. */
export type TracedTable = (typeof tracedTables)[number];

/** A row without secrets. A name that ends in `_at` is a time in milliseconds since the epoch. */
export type Trace = Readonly<Record<string, string | number | null>>;

/** A part of the rows of a user, with the position of the next part. */
export interface TracePage {
  readonly traces: readonly Trace[];
  /** Undefined after the last part. */
  readonly next: string | undefined;
}

/** Reads what the database holds of one user, also in rows that name the address alone. A removed user has no address. */
export interface UserTraces {
  /** @param after `next` of the part before, or the empty text */
  read(table: TracedTable, userId: string, after: string): Promise<TracePage>;
}
