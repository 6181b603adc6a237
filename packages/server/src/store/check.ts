import type { HashParameters } from "../core/passwords/stored-hash.ts";
import type { DatabasePlace } from "./place.ts";
import { inspectSqlite } from "./sqlite/check.ts";
import { UnusableHashes } from "./unusable-hashes.ts";

/** The output of `latchkey database check`. */
export interface DatabaseReport {
  /** Findings in the order of printing. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Faults and their repair, one line each. */
  readonly problems: readonly string[];
}

const countedTables = ["users", "sessions", "realm_sessions", "revocations", "signing_keys", "audit_events"];

/**
 * Reads a database without changing it, even one that a server would refuse.
 *
 * @param timeout for one answer of PostgreSQL, in milliseconds
 * @param current the present cost of a hash
 * @throws {UnusableDatabaseError} if it cannot even be read
 */
export async function checkDatabase(
  place: DatabasePlace,
  timeout: number,
  current: HashParameters,
): Promise<DatabaseReport> {
  const unusable = new UnusableHashes(current);
  const { facts, version, known, counts, problems } = await inspect(place, timeout, unusable);
  return {
    facts: [...facts, ["version", `${version} of ${known}`], ...counts],
    problems: [...versionProblem(version, known), ...problems, ...unusable.problems],
  };
}

async function inspect(place: DatabasePlace, timeout: number, unusable: UnusableHashes) {
  if (place.engine !== "postgres")
    return inspectSqlite(place.engine === "memory" ? ":memory:" : place.path, countedTables, unusable);
  const { inspectPostgres } = await import("./postgres/check.ts");
  return inspectPostgres(place, countedTables, timeout, unusable);
}

function versionProblem(found: number, known: number): string[] {
  if (found > known)
    return [
      `a newer Latchkey wrote it (version ${found}, this one knows up to ${known}): run the newer Latchkey, or restore a backup`,
    ];
  if (found === 0) return ["it has no tables yet: start the server once"];
  if (found < known)
    return [`it is at version ${found} of ${known}: the next start of the server brings it up to date`];
  return [];
}
