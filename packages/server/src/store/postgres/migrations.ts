import type { Migration } from "../migrations/migration.ts";
import { first } from "./001-first.ts";
import { attemptsByItsClock } from "./002-attempts-by-its-clock.ts";
import { refreshRepeats } from "./003-refresh-repeats.ts";
import { deletionTime } from "./004-deletion-time.ts";
import { sessionEpochs } from "./005-session-epochs.ts";

/** Every migration of a PostgreSQL database, in order. */
export const postgresMigrations: readonly Migration[] = [
  first,
  attemptsByItsClock,
  refreshRepeats,
  deletionTime,
  sessionEpochs,
];
