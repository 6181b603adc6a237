import type { AuditEvent } from "../core/audit-events.ts";
import type { AuditWriter } from "./audit.ts";
import { recordedColumns } from "./audit-reading.ts";
import { type Database, must, one } from "./database.ts";
import { statement } from "./statement.ts";

/** Rows that one change deletes: other writers wait no longer than that takes. */
const most = 5_000;

/** Numbers, time, index entries and row header of an event, in bytes, as measured: SQLite, PostgreSQL. */
const fixedBytes = { one: 40, many: 85 };

/** Places in the trail at which events are measured, and events at each place. */
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
  /** Deletes the oldest events until the trail is estimated at `bytes` at most. @returns the number of events deleted */
  keepWithin(bytes: number): Promise<number>;
  /**
   * Deletes every event that is more than `age` milliseconds older than the newest one, and records that. A clock that
   * is ahead of the trail so deletes no more than one that is right.
   *
   * @returns the number of events deleted
   */
  prune(age: number, event: AuditEvent): Promise<number>;
}

/**
 * The size is an estimate: the events between the first and the last number, times the mean size of a sample spread
 * over all of them. An exact size would need a scan, or one more write for every event.
 */
export function auditBound(database: Database, audit: AuditWriter): AuditBound {
  const { query } = database;
  const fixed = fixedBytes[database.writers];
  const edge = (direction: "asc" | "desc") =>
    statement<Record<string, never>>()(() =>
      query.selectFrom("audit_events").select(["number", "at"]).orderBy("number", direction).limit(1),
    );
  const [first, last] = [edge("asc"), edge("desc")];
  const sample = statement<{ from: number }>()((slot) =>
    query
      .selectFrom("audit_events")
      .select(recordedColumns)
      .where("number", ">=", slot("from"))
      .orderBy("number")
      .limit(sampleSize),
  );
  const deleteUpTo = statement<{ number: number }>()((slot) =>
    query.deleteFrom("audit_events").where("number", "<=", slot("number")),
  );
  const deleteBefore = statement<Slice>()((slot) =>
    query
      .deleteFrom("audit_events")
      .where("number", ">=", slot("from"))
      .where("number", "<=", slot("to"))
      .where("at", "<", slot("before")),
  );
  const countBefore = statement<Slice>()((slot) =>
    query
      .selectFrom("audit_events")
      .select((row) => row.fn.countAll<number | string>().as("count"))
      .where("number", ">=", slot("from"))
      .where("number", "<=", slot("to"))
      .where("at", "<", slot("before")),
  );

  async function range(): Promise<{ oldest: number; newest: number; newestAt: number } | undefined> {
    const [oldest, newest] = [await one(database, first, {}), await one(database, last, {})];
    return oldest && newest && { oldest: oldest.number, newest: newest.number, newestAt: newest.at };
  }

  async function meanSize(oldest: number, newest: number): Promise<number> {
    const sizes: number[] = [];
    for (let place = 0; place < samples; place++) {
      const from = oldest + Math.floor(((newest - oldest) * place) / samples);
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
        const number = Math.min(cutoff, oldest + most - 1);
        await database.commit([must(deleteUpTo, { number })], "urgent");
        // Numbers may have gaps, so the next batch starts at the next event.
        oldest = (await range())?.oldest ?? cutoff + 1;
      }
      return Math.max(0, cutoff - all.oldest + 1);
    },
    async prune(age, event) {
      const all = await range();
      const before = Math.min(event.at, all?.newestAt ?? event.at) - age;
      // The trail says so before events go, also if the process ends in between.
      await database.commit(audit.steps(event), "urgent");
      audit.announce(event);
      let count = 0;
      for (let from = all?.oldest ?? 1; from <= (all?.newest ?? 0); from += most) {
        // One statement over the whole trail could take longer than an answer of PostgreSQL may.
        const slice = { from, to: from + most - 1, before };
        const old = Number((await one(database, countBefore, slice))?.count ?? 0);
        if (old > 0) await database.commit([must(deleteBefore, slice)], "urgent");
        count += old;
      }
      return count;
    },
  };
}
