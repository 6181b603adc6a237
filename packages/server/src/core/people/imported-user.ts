/**
 * A user of another system. As a line of JSON its fields are `id`, `username`, `email`, `email_verified`,
 * `display_name`, `roles`, `disabled`, `password_hash`, `created_at` and `must_change`. A CSV file has the same names
 * in its first line, and roles apart by spaces.
 */
export interface ImportedUser {
  /** Default: made from the user name, as for any other new user. */
  readonly id: string | undefined;
  /** Default: made from the e-mail address. */
  readonly username: string | undefined;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly displayName: string | null;
  /** Default: the roles of the command line, else `user`. */
  readonly roles: readonly string[] | undefined;
  readonly disabled: boolean;
  /** The stored form of a foreign hash; undefined for a user without a password, who must reset it. */
  readonly passwordHash: string | undefined;
  /** Milliseconds since the epoch. Default: the time of the import. */
  readonly createdAt: number | undefined;
  readonly mustChangePassword: boolean;
}

/** The reason why a row is not imported, as one line. It never holds a hash. */
export interface RowProblem {
  readonly problem: string;
}
