import { longestTolerance } from "../core/revocations.ts";
import { type Database, must, type Step } from "./database.ts";
import { statement } from "./statement.ts";

/** So many rows are deleted at once: whoever else writes does not wait for longer. */
const most = 5_000;

/**
 * Deletes rows that no answer depends on any more: sessions past their time, revocations and keys of which no
 * token can be valid, audit events past their retention.
 *
 * @param now the time that deletions may follow, see `core/deletion-time.ts`
 * @param auditRetention milliseconds
 * @param firstHeld number of the first revocation that this process still holds: it and later ones stay
 */
export type Housekeeping = (now: number, auditRetention: number, firstHeld?: number) => Promise<void>;

/** Housekeeping for a database. */
export function housekeeping(database: Database): Housekeeping {
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
  const revocations = statement<{ now: number; firstHeld: number }>()((slot) =>
    query
      .deleteFrom("revocations")
      .where("number", "in", (revocation) =>
        revocation
          .selectFrom("revocations")
          .select("number")
          .where("until", "<", slot("now"))
          .where("number", "<", slot("firstHeld"))
          .limit(most),
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

  return async (now, auditRetention, firstHeld = Number.MAX_SAFE_INTEGER) => {
    await clear(must(sessions, { now }));
    await clear(must(revocations, { now: now - longestTolerance, firstHeld }));
    await clear(must(realmSessions, { now }));
    await clear(must(keys, { now }));
    await clear(must(events, { before: now - auditRetention }));
  };
}
