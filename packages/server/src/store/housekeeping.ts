import { longestTolerance } from "../core/revocations.ts";
import { type Database, must, type Step } from "./database.ts";
import { statement } from "./statement.ts";

/** So many rows are deleted at once: whoever else writes does not wait for longer. */
const most = 5_000;

/**
 * Deletes what no answer depends on any more: sessions past their time, revocations and keys of which no
 * token can be valid, audit events past their retention.
 */
export function housekeeping(database: Database): (now: number, auditRetention: number) => Promise<void> {
  const { query } = database;
  const sessions = statement<{ now: number }>()((slot) =>
    query
      .deleteFrom("sessions")
      .where("id", "in", (session) =>
        session
          .selectFrom("sessions")
          .select("id")
          .where("expires_at", "<", slot("now"))
          .where("tokens_until", "<", slot("now"))
          .limit(most),
      ),
  );
  const revocations = statement<{ now: number }>()((slot) =>
    query
      .deleteFrom("revocations")
      .where("number", "in", (revocation) =>
        revocation.selectFrom("revocations").select("number").where("until", "<", slot("now")).limit(most),
      ),
  );
  const realmSessions = statement<{ now: number }>()((slot) =>
    query
      .deleteFrom("realm_sessions")
      .where("id", "in", (session) =>
        session.selectFrom("realm_sessions").select("id").where("keep_until", "<", slot("now")).limit(most),
      ),
  );
  const keys = statement<{ now: number }>()((slot) =>
    query.deleteFrom("signing_keys").where("keep_until", "<", slot("now")),
  );
  const events = statement<{ before: number }>()((slot) =>
    query
      .deleteFrom("audit_events")
      .where("number", "in", (event) =>
        event.selectFrom("audit_events").select("number").where("at", "<", slot("before")).limit(most),
      ),
  );

  async function clear(expired: Step): Promise<void> {
    while (await database.commit([expired], "urgent"));
  }

  return async (now, auditRetention) => {
    await clear(must(sessions, { now }));
    await clear(must(revocations, { now: now - longestTolerance }));
    await clear(must(realmSessions, { now }));
    await clear(must(keys, { now }));
    await clear(must(events, { before: now - auditRetention }));
  };
}
