import type { EndedRealmSession, RealmSession, RealmSessions } from "../../core/stories/realm-sessions.ts";
import { type Database, must, one, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";

/** The later time counts: an earlier promise to keep a session or its tokens stays valid. */
const laterTimes = `
  tokens_until = case when realm_sessions.tokens_until > excluded.tokens_until
    then realm_sessions.tokens_until else excluded.tokens_until end,
  keep_until = case when realm_sessions.keep_until > excluded.keep_until
    then realm_sessions.keep_until else excluded.keep_until end`;

// The newest hint replaces older ones: the newest key signed it, so it stays readable longest.
const note = statement<RealmSession>(`
  insert into realm_sessions (id, user_id, name_key, address_bucket, sealed_hint, tokens_until, keep_until)
  values (:id, :userId, :nameKey, :addressBucket, :sealedIdTokenHint, :tokensUntil, :keepUntil)
  on conflict (id) do update set
    sealed_hint = coalesce(excluded.sealed_hint, realm_sessions.sealed_hint), ${laterTimes}
  where realm_sessions.ended_at is null`);

const end = statement<EndedRealmSession & { at: number }>(`
  insert into realm_sessions (id, user_id, name_key, address_bucket, tokens_until, keep_until, ended_at)
  values (:id, :userId, '', '', :tokensUntil, :keepUntil, :at)
  on conflict (id) do update set ended_at = excluded.ended_at, ${laterTimes}
  where realm_sessions.ended_at is null`);

const revoke = statement<{ id: string }>(`
  insert into revocations (session_id, until) select id, tokens_until from realm_sessions where id = :id`);

const byId = statement<{ id: string }, { userId: string; addressBucket: string; endedAt: number | null }>(`
  select user_id as "userId", address_bucket as "addressBucket", ended_at as "endedAt"
  from realm_sessions where id = :id`);

const idTokenHint = statement<{ id: string }, { sealedIdTokenHint: string | null }>(`
  select sealed_hint as "sealedIdTokenHint" from realm_sessions where id = :id`);

const unnotified = statement<NoValues, { id: string; sealedIdTokenHint: string | null }>(`
  select id, sealed_hint as "sealedIdTokenHint" from realm_sessions
  where told_at is null and ended_at is not null order by ended_at limit 100`);

const notified = statement<{ id: string; at: number }>(
  "update realm_sessions set told_at = :at where id = :id",
);

const holder = statement<{ nameKey: string }, { userId: string }>(`
  select user_id as "userId" from realm_sessions where name_key = :nameKey order by keep_until desc limit 1`);

const openedFrom = statement<{ userId: string; addressBucket: string }, { id: string }>(`
  select id from realm_sessions where user_id = :userId and address_bucket = :addressBucket limit 1`);

/** The table `realm_sessions`: sessions at an identity provider. */
export function realmSessionTable(database: Database, audit: AuditWriter): RealmSessions {
  return {
    note: (session, event) => audit.commit([must(note, session)], [event]),
    end(session, events) {
      const at = Math.max(...events.map((event) => event.at));
      return audit.commit(
        [must(end, { ...session, at }), step(revoke, { id: session.id })],
        events,
        "urgent",
      );
    },
    async byId(id) {
      const row = await one(database, byId, { id });
      return row && { userId: row.userId, addressBucket: row.addressBucket, ended: row.endedAt !== null };
    },
    sealedIdTokenHint: async (id) => (await one(database, idTokenHint, { id }))?.sealedIdTokenHint ?? null,
    unnotified: () => database.all(unnotified, {}),
    async markNotified(id, at) {
      await database.commit([step(notified, { id, at })], "urgent");
    },
    holderOf: async (nameKey) => (await one(database, holder, { nameKey }))?.userId,
    openedFrom: async (userId, addressBucket) =>
      (await one(database, openedFrom, { userId, addressBucket })) !== undefined,
  };
}
