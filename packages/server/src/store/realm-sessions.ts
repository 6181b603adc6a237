import { sql } from "kysely";
import type { EndedRealmSession, RealmSession, RealmSessions } from "../core/realm-sessions.ts";
import type { AuditWriter } from "./audit.ts";
import { type Database, must, one, step } from "./database.ts";
import { later, statement } from "./statement.ts";

/** Sessions at an identity provider, in the database. */
export function realmSessionTable(database: Database, audit: AuditWriter): RealmSessions {
  const { query } = database;
  const note = statement<RealmSession>()((slot) =>
    query
      .insertInto("realm_sessions")
      .values({
        id: slot("id"),
        user_id: slot("userId"),
        name_key: slot("nameKey"),
        address_bucket: slot("addressBucket"),
        sealed_hint: slot("sealedIdTokenHint"),
        tokens_until: slot("tokensUntil"),
        keep_until: slot("keepUntil"),
      })
      .onConflict((known) =>
        known
          .column("id")
          .doUpdateSet({
            // The latest can be read longest: it was signed with the latest key.
            sealed_hint: sql`coalesce(${slot("sealedIdTokenHint")}, realm_sessions.sealed_hint)`,
            tokens_until: later("realm_sessions.tokens_until", slot("tokensUntil")),
            keep_until: later("realm_sessions.keep_until", slot("keepUntil")),
          })
          .where("realm_sessions.ended_at", "is", null),
      ),
  );
  const end = statement<EndedRealmSession & { at: number }>()((slot) =>
    query
      .insertInto("realm_sessions")
      .values({
        id: slot("id"),
        user_id: slot("userId"),
        name_key: "",
        address_bucket: "",
        sealed_hint: null,
        tokens_until: slot("tokensUntil"),
        keep_until: slot("keepUntil"),
        ended_at: slot("at"),
      })
      .onConflict((known) =>
        known
          .column("id")
          .doUpdateSet({
            ended_at: slot("at"),
            tokens_until: later("realm_sessions.tokens_until", slot("tokensUntil")),
            keep_until: later("realm_sessions.keep_until", slot("keepUntil")),
          })
          .where("realm_sessions.ended_at", "is", null),
      ),
  );
  const revoke = statement<{ id: string }>()((slot) =>
    query
      .insertInto("revocations")
      .columns(["session_id", "until"])
      .expression((from) =>
        from.selectFrom("realm_sessions").select(["id", "tokens_until"]).where("id", "=", slot("id")),
      ),
  );
  const byId = statement<{ id: string }>()((slot) =>
    query
      .selectFrom("realm_sessions")
      .select(["user_id", "address_bucket", "ended_at"])
      .where("id", "=", slot("id")),
  );
  const hint = statement<{ id: string }>()((slot) =>
    query
      .selectFrom("realm_sessions")
      .select("sealed_hint as sealedIdTokenHint")
      .where("id", "=", slot("id")),
  );
  const unnotified = statement<Record<string, never>>()(() =>
    query
      .selectFrom("realm_sessions")
      .select(["id", "sealed_hint as sealedIdTokenHint"])
      .where("told_at", "is", null)
      .where("ended_at", "is not", null)
      .orderBy("ended_at")
      .limit(100),
  );
  const told = statement<{ id: string; at: number }>()((slot) =>
    query
      .updateTable("realm_sessions")
      .set({ told_at: slot("at") })
      .where("id", "=", slot("id")),
  );
  const holder = statement<{ nameKey: string }>()((slot) =>
    query
      .selectFrom("realm_sessions")
      .select("user_id as userId")
      .where("name_key", "=", slot("nameKey"))
      .orderBy("keep_until", "desc")
      .limit(1),
  );
  const openedFrom = statement<{ userId: string; addressBucket: string }>()((slot) =>
    query
      .selectFrom("realm_sessions")
      .select("id")
      .where("user_id", "=", slot("userId"))
      .where("address_bucket", "=", slot("addressBucket"))
      .limit(1),
  );

  return {
    async note(session, event) {
      const noted = await database.commit([must(note, session), ...audit.steps(event)]);
      if (noted) audit.announce(event);
      return noted;
    },
    async end(session, events) {
      const at = Math.max(...events.map((event) => event.at));
      const steps = [must(end, { ...session, at }), step(revoke, { id: session.id })];
      const changed = await database.commit([...steps, ...audit.steps(...events)], "urgent");
      if (changed) audit.announce(...events);
      return changed;
    },
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && { userId: row.user_id, addressBucket: row.address_bucket, ended: row.ended_at !== null };
    },
    sealedIdTokenHint: async (id) => (await one(database, hint, { id }))?.sealedIdTokenHint ?? null,
    unnotified: () => database.all(unnotified, {}),
    async markNotified(id, at) {
      await database.commit([step(told, { id, at })], "urgent");
    },
    holderOf: async (nameKey) => (await one(database, holder, { nameKey }))?.userId,
    openedFrom: async (userId, addressBucket) =>
      (await one(database, openedFrom, { userId, addressBucket })) !== undefined,
  };
}
