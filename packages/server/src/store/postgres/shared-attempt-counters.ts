import type { AttemptCounter } from "../../core/attempt-counter.ts";
import type { SteadyClock } from "../../core/clock.ts";
import type { Database } from "../database.ts";
import { attemptTable } from "./attempts.ts";
import { SharedAttemptCounter } from "./shared-attempt-counter.ts";
import { SharedFailureCounter } from "./shared-failure-counter.ts";

/** The counters of all replicas: passwords can be guessed, refresh tokens cannot. */
export function sharedAttemptCounters(
  database: Database,
): (steady: SteadyClock) => Record<"login" | "refresh", AttemptCounter> {
  const table = attemptTable(database);
  return (steady) => ({
    login: new SharedAttemptCounter(table, steady),
    refresh: new SharedFailureCounter(table, steady),
  });
}
