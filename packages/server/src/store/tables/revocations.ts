import type { Revocation, RevocationLog } from "../../core/tokens/revocations.ts";
import { type Database, one } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";

const after = statement<{ cursor: number }, Revocation>(`
  select number, session_id as "sessionId", until from revocations where number > :cursor order by number`);

const incomplete = statement<NoValues, { userId: string }>(
  'select user_id as "userId" from session_endings limit 1',
);

const open = statement<{ sessionId: string }, { id: string }>(`
  select sessions.id from sessions join users on users.id = sessions.user_id
  where sessions.id = :sessionId and sessions.ended_at is null and sessions.epoch >= users.epoch`);

/** The table `revocations`: the numbered list of ended sessions. */
export function revocationTable(database: Database): RevocationLog {
  return {
    after: (cursor) => database.all(after, { cursor }),
    isIncomplete: async () => (await one(database, incomplete, {})) !== undefined,
    hasEnded: async (sessionId) => (await one(database, open, { sessionId })) === undefined,
  };
}
