import type { Erasures } from "../../core/people/erasures.ts";
import { type Database, must, one, type Step, step } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
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

// A mail to an erased user is not sent any more.
const deleteMails = statement<{ userId: string }>("delete from outbox where user_id = :userId");

/** The steps of a removal. @param pseudonym of an erased user; undefined if the id stays in the audit trail */
export function erasureSteps(userId: string, at: number, pseudonym: string | undefined): Step[] {
  if (pseudonym === undefined) return [step(wait, { userId, at })];
  return [step(begin, { userId, at, pseudonym }), step(deleteMails, { userId })];
}

const wasGiven = statement<{ digest: string }, { digest: string }>(
  "select digest from spent_ids where digest = :digest",
);

const waiting = statement<{ before: number; most: number }, { id: string }>(`
  select user_id as id from erasures where pseudonym is null and removed_at < :before
  order by removed_at limit :most`);

const forgetWaiting = statement<{ before: number }>(`
  delete from erasures where user_id in (
    select user_id from erasures where pseudonym is null and removed_at < :before limit ${batchSize})`);

interface Begun {
  readonly userId: string;
  readonly pseudonym: string;
  readonly begunAt: number;
  /** The number of the last event that was examined. */
  readonly rewrittenTo: number;
  /** 0 or 1. */
  readonly isLastReading: number;
}

const begun = statement<NoValues, Begun>(`
  select user_id as "userId", pseudonym, begun_at as "begunAt", rewritten_to as "rewrittenTo",
    last_reading as "isLastReading" from erasures
  where pseudonym is not null order by begun_at limit 100`);

// The row says how far the work is, and is changed in the commit of each batch. So a process that finds another
// position has been overtaken, and a killed process repeats nothing and leaves nothing out.
const advance = statement<{ userId: string; from: number; to: number }>(`
  update erasures set rewritten_to = :to where user_id = :userId and rewritten_to = :from`);

// The address of an event is that of the actor, or of the subject if there is no other actor. The request id leads to
// the lines of the log that hold the address.
const isTheirs = "(actor = :userId or (subject = :userId and actor is null))";
const rewrite = statement<{ userId: string; pseudonym: string; from: number; to: number }>(`
  update audit_events set
    address = case when ${isTheirs} and address not in ('cli', 'server') then :pseudonym else address end,
    request_id = case when ${isTheirs} then null else request_id end,
    subject = case when subject = :userId then :pseudonym else subject end,
    actor = case when actor = :userId then :pseudonym else actor end
  where number > :from and number <= :to and (subject = :userId or actor = :userId)`);

const readAgain = statement<{ userId: string }>(`
  update erasures set last_reading = 1, rewritten_to = 0 where user_id = :userId and last_reading = 0`);

const finish = statement<{ userId: string; to: number }>(`
  delete from erasures where user_id = :userId and rewritten_to = :to and last_reading = 1`);

/** The table `erasures`. */
export function erasureTable(database: Database, audit: AuditWriter): Erasures {
  /** @returns whether the events are examined up to this number, by this process */
  async function rewriteUpTo(newest: number, { userId, pseudonym, rewrittenTo }: Begun): Promise<boolean> {
    const oldest = (await one(database, oldestEvent, {}))?.number ?? newest;
    for (let from = rewrittenTo; from < newest; ) {
      // Pruned events need no batch.
      const start = Math.max(from, oldest - 1);
      const to = Math.min(newest, start + batchSize);
      const steps = [
        must(advance, { userId, from, to }),
        step(rewrite, { userId, pseudonym, from: start, to }),
      ];
      if (!(await database.commit(steps, "urgent"))) return false;
      from = to;
    }
    return true;
  }

  async function workOn(row: Begun, now: number): Promise<void> {
    const { userId, isLastReading, begunAt } = row;
    const newest = (await one(database, newestEvent, {}))?.number ?? 0;
    if (!(await rewriteUpTo(newest, row))) return;
    if (isLastReading === 1) {
      await database.commit([step(finish, { userId, to: Math.max(newest, row.rewrittenTo) })], "urgent");
    } else if (begunAt < now - lateEvents) {
      await database.commit([step(readAgain, { userId })], "urgent");
    }
  }

  return {
    wasGiven: async (id) => (await one(database, wasGiven, { digest: digestOf(id) })) !== undefined,
    begin: ({ userId, pseudonym }, event) =>
      audit.commit(
        [must(begin, { userId, pseudonym, at: event.at }), step(deleteMails, { userId })],
        [event],
        "urgent",
      ),
    removedBefore: async (before, most) =>
      (await database.all(waiting, { before, most })).map(({ id }) => id),
    async rewrite(now) {
      for (const row of await database.all(begun, {})) await workOn(row, now);
    },
    async forgetRemovedBefore(before) {
      while (await database.commit([must(forgetWaiting, { before })], "urgent"));
    },
  };
}
