import type { DeletionTimeRecord, Leap } from "../../core/deletion-time.ts";
import { type Database, must, one } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";
import { newestEvent } from "./audit-reading.ts";

/** The last reading of the clock, kept between two runs. */
export interface DeletionRecords {
  /** The last reading. A database without one answers with the time of its newest audit event. */
  read(): Promise<DeletionTimeRecord | undefined>;
  write(record: DeletionTimeRecord): Promise<void>;
}

const read = statement<NoValues, { seenAt: number; leaps: string }>(
  'select seen_at as "seenAt", leaps from deletion_time',
);

const write = statement<{ seenAt: number; leaps: string }>(`
  insert into deletion_time (id, seen_at, leaps) values (1, :seenAt, :leaps)
  on conflict (id) do update set seen_at = excluded.seen_at, leaps = excluded.leaps`);

/** The table `deletion_time`: one row with the last reading, and the leaps that are not believed yet as JSON. */
export function deletionRecords(database: Database): DeletionRecords {
  return {
    async read() {
      const row = await one(database, read, {});
      if (row !== undefined) return { seenAt: row.seenAt, leaps: leapsOf(row.leaps) };
      const event = await one(database, newestEvent, {});
      return event && { seenAt: event.at, leaps: [] };
    },
    async write({ seenAt, leaps }) {
      const row = { seenAt: Math.round(seenAt), leaps: JSON.stringify(leaps) };
      // Without it, the time on a full volume would count as a leap after a restart and delay deletions by a day.
      await database.commit([must(write, row)], "urgent");
    },
  };
}

function leapsOf(text: string): Leap[] {
  const leaps: unknown = JSON.parse(text);
  return Array.isArray(leaps) ? leaps.filter(isLeap) : [];
}

function isLeap(value: unknown): value is Leap {
  if (typeof value !== "object" || value === null || !("ms" in value) || !("keptFor" in value)) return false;
  return typeof value.ms === "number" && typeof value.keptFor === "number";
}
