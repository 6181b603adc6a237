/** A database that cannot be used as it is. The message is one line that says what to do. */
export class UnusableDatabaseError extends Error {}

/** The database was written by a newer Latchkey. */
export class NewerDatabaseError extends UnusableDatabaseError {
  constructor(found: number, known: number) {
    super(
      `the database is at version ${found}, but this Latchkey knows only up to ${known}: ` +
        "run the newer Latchkey again, or restore a backup from before the upgrade",
    );
  }
}
