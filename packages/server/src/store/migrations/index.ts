import { first } from "./001-first.ts";
import { auditActor } from "./002-audit-actor.ts";
import { realmSessions } from "./003-realm-sessions.ts";
import { refreshRepeats } from "./004-refresh-repeats.ts";
import { deletionTime } from "./005-deletion-time.ts";
import { sessionEpochs } from "./006-session-epochs.ts";
import type { Migration } from "./migration.ts";

/** Every migration, in order. */
export const migrations: readonly Migration[] = [
  first,
  auditActor,
  realmSessions,
  refreshRepeats,
  deletionTime,
  sessionEpochs,
];
