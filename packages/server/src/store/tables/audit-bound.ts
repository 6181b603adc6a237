import type { AuditEvent } from "../../core/audit-events.ts";
import { type Database, must, one } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditWriter } from "./audit.ts";
import { type AuditRow, auditColumns, newestEvent, oldestEvent } from "./audit-reading.ts";

/** Rows that one change deletes. Other writers wait for one such batch at most. */
const batchSize = 5_000;

/** Numbers, time, index entries and row header of an event, in bytes, as measured: SQLite, PostgreSQL. */
const fixedBytes = { one: 28, many: 85 };

/** Points in the trail at which events are measured, and events at each point. */
const samples = 32;
const sampleSize = 16;

/** Events between two numbers that are older than a time. */
interface Slice {
  readonly from: number;
  readonly to: number;
  readonly before: number;
}

/** The size of the audit trail, and the deletion of its oldest events. */
export interface AuditBound {
  /** Deletes the oldest events until the estimated size is at most `bytes`. @returns the number of events deleted */
  keepWithin(bytes: number): Promise<number>;
  /**
   * Deletes every event that is more than `age` milliseconds older than the newest one, and records the deletion. Age
   * counts from the newest event, so a clock that runs ahead deletes no more than a right one.
   *
   * @returns the number of events deleted
   */
  prune(age: number, event: AuditEvent): Promise<number>;
}

const sample = statement<{ from: number }, AuditRow>(`
  select ${auditColumns} from audit_events where number >= :from order by number limit ${sampleSize}`);

const deleteUpTo = statement<{ number: number }>("delete from audit_events where number <= :number");

const older = "from audit_events where number >= :from and number <= :to and at < :before";
const countOlder = statement<Slice, { count: number }>(`select count(*) as count ${older}`);
const deleteOlder = statement<Slice>(`delete ${older}`);

/**
 * The size is an estimate: the events between the first and the last number, times the mean size of a sample spread
 * over all of them. An exact size would need a scan, or one more write for every event.
 */
export function auditBound(database: Database, audit: AuditWriter): AuditBound {
  const fixed = fixedBytes[database.writers];

  async function range(): Promise<{ oldest: number; newest: number; newestAt: number } | undefined> {
    const [oldest, newest] = [await one(database, oldestEvent, {}), await one(database, newestEvent, {})];
    return oldest && newest && { oldest: oldest.number, newest: newest.number, newestAt: newest.at };
  }

  async function meanSize(oldest: number, newest: number): Promise<number> {
    const sizes: number[] = [];
    for (let point = 0; point < samples; point++) {
      const from = oldest + Math.floor(((newest - oldest) * point) / samples);
      for (const row of await database.all(sample, { from })) {
        const texts = Object.values(row).filter((value) => typeof value === "string");
        sizes.push(texts.reduce((sum, text) => sum + Buffer.byteLength(text), fixed));
      }
    }
    return sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length);
  }

  return {
    async keepWithin(bytes) {
      const all = await range();
      if (all === undefined) return 0;
      const kept = Math.floor(bytes / Math.max(fixed, await meanSize(all.oldest, all.newest)));
      const cutoff = all.newest - kept;
      let { oldest } = all;
      while (oldest <= cutoff) {
        const number = Math.min(cutoff, oldest + batchSize - 1);
        await database.commit([must(deleteUpTo, { number })], "urgent");
        // Numbers may have gaps, so the next batch starts at the next event.
        oldest = (await range())?.oldest ?? cutoff + 1;
      }
      return Math.max(0, cutoff - all.oldest + 1);
    },
    async prune(age, event) {
      const all = await range();
      const before = Math.min(event.at, all?.newestAt ?? event.at) - age;
      // The deletion is recorded before any event goes, in case the process ends in between.
      await audit.commit([], [event], "urgent");
      let deleted = 0;
      for (let from = all?.oldest ?? 1; from <= (all?.newest ?? 0); from += batchSize) {
        // One statement over the whole trail could exceed PostgreSQL's statement timeout.
        const slice = { from, to: from + batchSize - 1, before };
        const { count = 0 } = (await one(database, countOlder, slice)) ?? {};
        if (count > 0) await database.commit([must(deleteOlder, slice)], "urgent");
        deleted += count;
      }
      return deleted;
    },
  };
}
