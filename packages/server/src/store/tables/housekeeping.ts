import { longestTolerance } from "../../core/tokens/revocations.ts";
import { type Database, must, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";
import { oldClientDocuments, surplusClientDocuments } from "./client-documents.ts";
import { expiredKeys } from "./idempotency-keys.ts";
import { expiredLinks } from "./links.ts";

/** Rows that one change deletes. Other writers wait for one such batch at most. */
const batchSize = 5_000;

/** People of a realm are kept for so long after their last sign-in, in milliseconds. Their sessions keep them longer. */
const day = 86_400_000;

/**
 * Deletes rows that can no longer affect an answer: expired sessions, codes, links in mails and idempotency keys;
 * revocations and keys that no valid token needs; audit events past their retention. Client documents go if no fetch has
 * renewed them. People of a realm without a session are deleted a day after their last sign-in.
 *
 * @param now the time that deletions may follow, see `core/deletion-time.ts`
 * @param auditRetention milliseconds
 * @param firstHeld number of the first revocation that this process still holds: it and later ones stay
 */
export type Housekeeping = (now: number, auditRetention: number, firstHeld?: number) => Promise<void>;

const sessions = statement<{ now: number }>(`
  delete from sessions where id in (
    select id from sessions where expires_at < :now and tokens_until < :now limit ${batchSize})`);

const revocations = statement<{ now: number; firstHeld: number }>(`
  delete from revocations where number in (
    select number from revocations where until < :now and number < :firstHeld limit ${batchSize})`);

const realmSessions = statement<{ now: number }>(`
  delete from realm_sessions where id in (
    select id from realm_sessions where keep_until < :now limit ${batchSize})`);

// A new sign-in sets `created_at`, so a concurrent sign-in keeps the person.
const realmPeople = statement<{ before: number }>(`
  delete from users where id in (
    select id from users where issuer is not null and created_at < :before
      and not exists (select 1 from sessions where sessions.user_id = users.id)
      and not exists (select 1 from authorizations where authorizations.user_id = users.id) limit ${batchSize})
    and created_at < :before`);
/** How long a code is kept after its expiry, in milliseconds. Until then a replay of it is recognised. */
const codesLast = 86_400_000;

const authorizations = statement<{ before: number }>(`
  delete from authorizations where code_hash in (
    select code_hash from authorizations where expires_at < :before limit ${batchSize})`);

const idempotencyKeys = expiredKeys(batchSize);

const links = expiredLinks(batchSize);

const keys = statement<{ now: number }>("delete from signing_keys where keep_until < :now");

const events = statement<{ before: number }>(`
  delete from audit_events where number in (
    select number from audit_events where at < :before limit ${batchSize})`);

/** A client document is kept for so long after its fetch, in milliseconds: while it may replace a failed fetch. */
const documentRetention = 7 * 86_400_000;

/** Housekeeping for a database. */
export function housekeeping(database: Database): Housekeeping {
  async function clear(expired: Step): Promise<void> {
    while (await database.commit([expired], "urgent"));
  }

  return async (now, auditRetention, firstHeld = Number.MAX_SAFE_INTEGER) => {
    await clear(must(sessions, { now }));
    await clear(must(revocations, { now: now - longestTolerance, firstHeld }));
    await clear(must(realmSessions, { now }));
    await clear(must(authorizations, { before: now - codesLast }));
    await clear(must(realmPeople, { before: now - day }));
    await clear(must(idempotencyKeys, { now }));
    await clear(must(links, { now }));
    await clear(must(keys, { now }));
    const before = now - documentRetention;
    await database.commit([step(oldClientDocuments, { before }), step(surplusClientDocuments, {})], "urgent");
    await clear(must(events, { before: now - auditRetention }));
  };
}
