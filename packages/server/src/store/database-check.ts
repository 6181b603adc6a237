import type { DatabaseReport } from "./database-report.ts";
import type { DatabasePlace } from "./place.ts";

/**
 * Looks at a database without changing it: also at one that a server would refuse.
 *
 * @param timeout how long PostgreSQL may take for one answer, in milliseconds
 * @throws {UnusableDatabaseError} where it cannot even be looked at
 */
export async function checkDatabase(place: DatabasePlace, timeout: number): Promise<DatabaseReport> {
  if (place.engine === "postgres") {
    const { checkPostgres } = await import("./postgres/postgres-check.ts");
    return checkPostgres(place, timeout);
  }
  const { checkSqlite } = await import("./sqlite-check.ts");
  return checkSqlite(place.engine === "memory" ? ":memory:" : place.path);
}
