import { longestTolerance } from "../core/revocations.ts";
import { type Database, step } from "./database.ts";
import { statement } from "./statement.ts";

/**
 * Deletes what no answer depends on any more: sessions past their time, revocations and keys of which no
 * token can be valid, audit events past their retention.
 */
export function housekeeping(database: Database): (now: number, auditRetention: number) => Promise<void> {
  const { query } = database;
  const sessions = statement<{ now: number }>()((slot) =>
    query
      .deleteFrom("sessions")
      .where("expires_at", "<", slot("now"))
      .where("tokens_until", "<", slot("now")),
  );
  const revocations = statement<{ now: number }>()((slot) =>
    query.deleteFrom("revocations").where("until", "<", slot("now")),
  );
  const realmSessions = statement<{ now: number }>()((slot) =>
    query.deleteFrom("realm_sessions").where("keep_until", "<", slot("now")),
  );
  const keys = statement<{ now: number }>()((slot) =>
    query.deleteFrom("signing_keys").where("keep_until", "<", slot("now")),
  );
  const events = statement<{ before: number }>()((slot) =>
    query.deleteFrom("audit_events").where("at", "<", slot("before")),
  );
  return async (now, auditRetention) => {
    await database.commit([
      step(sessions, { now }),
      step(revocations, { now: now - longestTolerance }),
      step(realmSessions, { now }),
      step(keys, { now }),
      step(events, { before: now - auditRetention }),
    ]);
  };
}
