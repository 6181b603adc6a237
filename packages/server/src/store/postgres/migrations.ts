import type { Migration } from "../migrations/migration.ts";
import { first } from "./001-first.ts";
import { attemptsByItsClock } from "./002-attempts-by-its-clock.ts";
import { refreshRepeats } from "./003-refresh-repeats.ts";

/** Every migration of a PostgreSQL database, in order. */
export const postgresMigrations: readonly Migration[] = [first, attemptsByItsClock, refreshRepeats];
