import type { EarlierRequest, IdempotencyKeys, KeyedRequest } from "../../core/idempotency-keys.ts";
import { type Database, must, one, step } from "../database.ts";
import { statement } from "../statement.ts";

type Kept = KeyedRequest & { readonly until: number };

// An expired row gives way in the same statement. Of several claims at once, one changes the row.
const claim = statement<Kept & { now: number }>(`
  insert into idempotency_keys (digest, request_digest, answer, expires_at)
  values (:digest, :requestDigest, null, :until)
  on conflict (digest) do update
    set request_digest = excluded.request_digest, answer = null, expires_at = excluded.expires_at
  where idempotency_keys.expires_at <= :now`);

const earlier = statement<{ digest: string }, EarlierRequest>(`
  select request_digest as "requestDigest", answer from idempotency_keys where digest = :digest`);

const keep = statement<Kept & { answer: string }>(`
  update idempotency_keys set answer = :answer, expires_at = :until
  where digest = :digest and request_digest = :requestDigest and answer is null`);

const release = statement<KeyedRequest>(`
  delete from idempotency_keys where digest = :digest and request_digest = :requestDigest and answer is null`);

/** Deletes expired keys. @param batch rows of one change */
export const expiredKeys = (batch: number) =>
  statement<{ now: number }>(`
    delete from idempotency_keys where digest in (
      select digest from idempotency_keys where expires_at < :now limit ${batch})`);

/** The table `idempotency_keys`. */
export function idempotencyKeyTable(database: Database): IdempotencyKeys {
  return {
    async claim(request, now, until) {
      // The row may be released between the two statements. Then the next claim finds it free.
      for (;;) {
        if (await database.commit([must(claim, { ...request, until, now })])) return undefined;
        const found = await one(database, earlier, { digest: request.digest });
        if (found !== undefined) return found;
      }
    },
    async keep(request, answer, until) {
      await database.commit([step(keep, { ...request, answer, until })]);
    },
    async release(request) {
      await database.commit([step(release, request)]);
    },
  };
}
