import { randomBytes } from "node:crypto";
import { longestTolerance } from "../../core/tokens/revocations.ts";
import { type Database, must, one, type Step, step } from "../database.ts";
import { statement } from "../statement.ts";
import { newestEvent, oldestEvent } from "./audit-reading.ts";
import { oldClientDocuments, surplusClientDocuments } from "./client-documents.ts";
import { expiredKeys } from "./idempotency-keys.ts";
import { expiredLinks } from "./links.ts";
import { type SweptTable, sliceSize, sweep, sweepInTurn } from "./sweep.ts";

/** Rows that one change deletes. Other writers wait for one such batch at most. */
const batchSize = 5_000;

/** People of a realm are kept for so long after their last sign-in, in milliseconds. Their sessions keep them longer. */
const day = 86_400_000;

/**
 * Deletes rows that can no longer affect an answer: expired sessions, codes, links in mails and idempotency keys;
 * revocations and keys that no valid token needs; audit events past their retention. Client documents go if no fetch has
 * renewed them. People of a realm without a session are deleted a day after their last sign-in.
 *
 * Sessions and audit events have no index of times. One run sweeps a part of a large table, the next run continues.
 *
 * @param now the time that deletions may follow, see `core/deletion-time.ts`
 * @param auditRetention milliseconds
 * @param firstHeld number of the first revocation that this process still holds: it and later ones stay
 */
export type Housekeeping = (now: number, auditRetention: number, firstHeld?: number) => Promise<void>;

/** Sparse slices of a table that one run reads at most: 100,000 rows. Five million rows take 50 runs. */
const sparseSlices = 20;

/** Sparse slices that a run reads at the beginning of the audit trail. Events of a clock that ran ahead fill some of them. */
const firstSlices = 4;

// An index of `expires_at` cost 39 bytes for each session on SQLite. On PostgreSQL no refresh could be a heap-only
// update with it: each one wrote to all indexes, 876 instead of 559 bytes of write-ahead log.
const isExpired = "expires_at < :now and tokens_until < :now";

/** Sessions, with those that have expired. */
export const sweptSessions: SweptTable<string, { now: number }> = {
  slice: statement(`
    select max(id) as "to", count(*) as "rows", count(*) filter (where ${isExpired}) as "expired" from (
      select id, expires_at, tokens_until from sessions where id > :after order by id limit ${sliceSize}) as slice`),
  clear: statement(`delete from sessions where id > :after and id <= :to and ${isExpired}`),
};

/** Audit events, with those past their retention. */
export const sweptEvents: SweptTable<number, { before: number }> = {
  slice: statement(`
    select max(number) as "to", count(*) as "rows", count(*) filter (where at < :before) as "expired" from (
      select number, at from audit_events where number > :after order by number limit ${sliceSize}) as slice`),
  clear: statement("delete from audit_events where number > :after and number <= :to and at < :before"),
};

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

/** A client document is kept for so long after its fetch, in milliseconds: while it may replace a failed fetch. */
const documentRetention = 7 * 86_400_000;

/** Housekeeping for a database. */
export function housekeeping(database: Database): Housekeeping {
  async function clear(expired: Step): Promise<void> {
    while (await database.commit([expired], "urgent"));
  }

  const sweepSessions = sweepInTurn(database, sweptSessions, {
    first: "",
    // The ids of sessions are random in the same alphabet.
    start: () => randomBytes(6).toString("base64url"),
    sparseSlices,
  });

  const sweepEvents = sweepInTurn(database, sweptEvents, {
    first: 0,
    async start() {
      const [oldest, newest] = [await one(database, oldestEvent, {}), await one(database, newestEvent, {})];
      const from = oldest?.number ?? 0;
      return from + Math.floor(Math.random() * ((newest?.number ?? from) - from));
    },
    sparseSlices,
  });

  /** The oldest events stand first. Those behind many events of a clock that ran ahead wait for their turn. */
  async function clearEvents(before: number): Promise<void> {
    const { next } = await sweep(database, sweptEvents, { before }, { after: 0, sparseSlices: firstSlices });
    if (next !== undefined) await sweepEvents({ before });
  }

  return async (now, auditRetention, firstHeld = Number.MAX_SAFE_INTEGER) => {
    await sweepSessions({ now });
    await clear(must(revocations, { now: now - longestTolerance, firstHeld }));
    await clear(must(realmSessions, { now }));
    await clear(must(authorizations, { before: now - codesLast }));
    await clear(must(realmPeople, { before: now - day }));
    await clear(must(idempotencyKeys, { now }));
    await clear(must(links, { now }));
    await clear(must(keys, { now }));
    const before = now - documentRetention;
    await database.commit([step(oldClientDocuments, { before }), step(surplusClientDocuments, {})], "urgent");
    await clearEvents(now - auditRetention);
  };
}
