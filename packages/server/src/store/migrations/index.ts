import { first } from "./001-first.ts";
import { auditActor } from "./002-audit-actor.ts";
import { realmSessions } from "./003-realm-sessions.ts";
import { deletionTime } from "./004-deletion-time.ts";
import { sessionEpochs } from "./005-session-epochs.ts";
import type { Migration } from "./migration.ts";

/** Every migration, in order. */
export const migrations: readonly Migration[] = [
  first,
  auditActor,
  realmSessions,
  deletionTime,
  sessionEpochs,
];
