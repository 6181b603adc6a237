import type { Migration } from "../migrations/migration.ts";
import { first } from "./001-first.ts";
import { refreshRepeats } from "./002-refresh-repeats.ts";

/** Every migration of a PostgreSQL database, in order. */
export const postgresMigrations: readonly Migration[] = [first, refreshRepeats];
