import type { Revocation, RevocationLog } from "../../core/tokens/revocations.ts";
import { type Database, one } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import { isOfItsUsersEpoch, isOfLiveClient } from "./session-rows.ts";

const after = statement<{ cursor: number }, Revocation>(`
  select number, session_id as "sessionId", until from revocations where number > :cursor order by number`);

const incomplete = statement<NoValues, { id: string }>(
  "select user_id as id from session_endings union all select client_id as id from client_endings limit 1",
);

// The tokens of a client itself (client credentials) have no row in `sessions`.
const open = statement<{ sessionId: string }, { id: string }>(`
  select sessions.id from sessions
  where sessions.id = :sessionId and sessions.ended_at is null and ${isOfItsUsersEpoch} and ${isOfLiveClient}
  union all
  select clients.id from clients where clients.session_id = :sessionId and clients.blocked_at is null
  union all
  select realm_sessions.id from realm_sessions where realm_sessions.id = :sessionId and realm_sessions.ended_at is null`);

/** The table `revocations`: the numbered list of ended sessions. */
export function revocationTable(database: Database): RevocationLog {
  return {
    after: (cursor) => database.all(after, { cursor }),
    isIncomplete: async () => (await one(database, incomplete, {})) !== undefined,
    hasEnded: async (sessionId) => (await one(database, open, { sessionId })) === undefined,
  };
}
