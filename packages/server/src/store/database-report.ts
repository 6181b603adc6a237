/** What a database is, and what is wrong with it. */
export interface DatabaseReport {
  /** What was found, in the order in which it is to be read. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** What is wrong and what to do, a line each. */
  readonly problems: readonly string[];
}

/** What is counted. */
export const countedTables = [
  "users",
  "sessions",
  "realm_sessions",
  "revocations",
  "signing_keys",
  "audit_events",
] as const;

/** What the number of the last migration says. */
export function migrationProblem(found: number, known: number): string[] {
  if (found > known)
    return [
      `a newer Latchkey wrote it (version ${found}, this one knows up to ${known}): run the newer Latchkey, or restore a backup`,
    ];
  if (found === 0) return ["it has no tables yet: start the server once"];
  if (found < known)
    return [`it is at version ${found} of ${known}: the next start of the server brings it up to date`];
  return [];
}
