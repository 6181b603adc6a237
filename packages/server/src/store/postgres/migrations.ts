import type { Migration } from "../migrations/migration.ts";
import { first } from "./001-first.ts";
import { deletionTime } from "./002-deletion-time.ts";
import { sessionEpochs } from "./003-session-epochs.ts";

/** Every migration of a PostgreSQL database, in order. */
export const postgresMigrations: readonly Migration[] = [first, deletionTime, sessionEpochs];
