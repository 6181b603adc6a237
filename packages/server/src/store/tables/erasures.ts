import type { Erasures } from "../../core/people/erasures.ts";
import { type Database, must, one, type Step, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import { unmailingStep } from "./address-traces.ts";
import type { AuditWriter } from "./audit.ts";
import { newestEvent, oldestEvent } from "./audit-reading.ts";
import { digestOf } from "./spent-ids.ts";

/** Events that one change examines. The table has no index of subjects: every login would pay for it. */
const batchSize = 5_000;

/**
 * Milliseconds until the second reading of the trail. Requests that were in flight at the erasure have written their
 * events by then. On PostgreSQL an event can also become visible after one with a higher number.
 */
const lateEvents = 3_600_000;

const wait = statement<{ userId: string; at: number }>(`
  insert into erasures (user_id, removed_at) values (:userId, :at) on conflict do nothing`);

const begin = statement<{ userId: string; at: number; pseudonym: string }>(`
  insert into erasures (user_id, removed_at, pseudonym, begun_at) values (:userId, :at, :pseudonym, :at)
  on conflict (user_id) do update set pseudonym = excluded.pseudonym, begun_at = excluded.begun_at
  where erasures.pseudonym is null`);

/** The steps of a removal. @param pseudonym of an erased user; undefined if the id stays in the audit trail */
export function erasureSteps(userId: string, at: number, pseudonym: string | undefined): Step[] {
  if (pseudonym === undefined) return [step(wait, { userId, at })];
  return [step(begin, { userId, at, pseudonym }), unmailingStep(userId)];
}

const wasGiven = statement<{ digest: string }, { digest: string }>(
  "select digest from spent_ids where digest = :digest",
);

const removed = statement<{ userId: string }, { id: string }>(
  "select user_id as id from erasures where user_id = :userId and pseudonym is null",
);

const waiting = statement<{ before: number; most: number }, { id: string }>(`
  select user_id as id from erasures where pseudonym is null and removed_at < :before
  order by removed_at limit :most`);

const forgetWaiting = statement<{ before: number }>(`
  delete from erasures where user_id in (
    select user_id from erasures where pseudonym is null and removed_at < :before limit ${batchSize})`);

// The row of an erasure says how far the work is, and changes in the commit of each batch. So a process that finds
// another position was overtaken, and a killed process repeats nothing and leaves nothing out. Erasures at the same
// position share one reading of the trail.
const positions = statement<NoValues, { position: number }>(`
  select distinct rewritten_to as position from erasures where pseudonym is not null order by position limit 2`);

const advance = statement<Batch>(`
  update erasures set rewritten_to = :to where pseudonym is not null and rewritten_to = :from`);

/** Events behind `from`, up to `to`. */
interface Batch {
  readonly from: number;
  readonly to: number;
}

const erased = "from erasures where pseudonym is not null and rewritten_to = :to";
const pseudonymOf = (user: string) => `(select pseudonym ${erased} and user_id = ${user})`;
// The address of an event is that of the actor. Without an actor, it is that of the subject.
const sender = pseudonymOf("coalesce(actor, subject)");

// The request id leads to the lines of the log that hold the address.
const rewrite = statement<Batch>(`
  update audit_events set
    address = case when address in ('cli', 'server') then address else coalesce(${sender}, address) end,
    request_id = case when ${sender} is null then request_id end,
    subject = coalesce(${pseudonymOf("subject")}, subject),
    actor = coalesce(${pseudonymOf("actor")}, actor)
  where number > :from and number <= :to
    and (subject in (select user_id ${erased}) or actor in (select user_id ${erased}))`);

const readAgain = statement<{ newest: number; before: number }>(`
  update erasures set last_reading = 1, rewritten_to = 0
  where pseudonym is not null and last_reading = 0 and rewritten_to >= :newest and begun_at < :before`);

const finish = statement<{ newest: number }>(`
  delete from erasures where pseudonym is not null and last_reading = 1 and rewritten_to >= :newest`);

/** The table `erasures`. */
export function erasureTable(database: Database, audit: AuditWriter): Erasures {
  /** @returns the next batch of the erasures that are furthest behind; undefined if all are at the newest event */
  async function nextBatch(newest: number): Promise<Batch | undefined> {
    const [first, second] = await database.all(positions, {});
    if (first === undefined || first.position >= newest) return undefined;
    // Pruned events need no batch.
    const oldest = (await one(database, oldestEvent, {}))?.number ?? newest;
    const to = Math.max(first.position, oldest - 1) + batchSize;
    return { from: first.position, to: Math.min(newest, to, second?.position ?? newest) };
  }

  return {
    wasGiven: async (id) => (await one(database, wasGiven, { digest: digestOf(id) })) !== undefined,
    isRemoved: async (userId) => (await one(database, removed, { userId })) !== undefined,
    begin: ({ userId, pseudonym }, event) =>
      audit.commit(
        [must(begin, { userId, pseudonym, at: event.at }), unmailingStep(userId)],
        [event],
        "urgent",
      ),
    removedBefore: async (before, most) =>
      (await database.all(waiting, { before, most })).map(({ id }) => id),
    async rewrite(now) {
      const newest = (await one(database, newestEvent, {}))?.number ?? 0;
      for (let next = await nextBatch(newest); next !== undefined; next = await nextBatch(newest))
        await database.commit([must(advance, next), step(rewrite, next)], "urgent");
      if ((await one(database, positions, {})) === undefined) return;
      await database.commit([step(finish, { newest })], "urgent");
      await database.commit([step(readAgain, { newest, before: now - lateEvents })], "urgent");
    },
    async forgetRemovedBefore(before) {
      while (await database.commit([must(forgetWaiting, { before })], "urgent"));
    },
  };
}
