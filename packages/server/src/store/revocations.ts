import { sql } from "kysely";
import type { RevocationLog } from "../core/revocations.ts";
import { type Database, one } from "./database.ts";
import { statement } from "./statement.ts";

/** The numbered list of ended sessions in the database. */
export function revocationTable(database: Database): RevocationLog {
  const { query } = database;
  const after = statement<{ cursor: number }>()((slot) =>
    query
      .selectFrom("revocations")
      .select(["number", "session_id as sessionId", "until"])
      .where("number", ">", slot("cursor"))
      .orderBy("number"),
  );
  const incomplete = statement<Record<string, never>>()(() =>
    query.selectFrom("session_endings").select("user_id").limit(1),
  );
  const open = statement<{ sessionId: string }>()((slot) =>
    query
      .selectFrom("sessions")
      .innerJoin("users", "users.id", "sessions.user_id")
      .select("sessions.id")
      .where("sessions.id", "=", slot("sessionId"))
      .where("sessions.ended_at", "is", null)
      .where(sql<boolean>`sessions.epoch >= users.epoch`),
  );
  return {
    after: (cursor) => database.all(after, { cursor }),
    isIncomplete: async () => (await one(database, incomplete, {})) !== undefined,
    hasEnded: async (sessionId) => (await one(database, open, { sessionId })) === undefined,
  };
}
