import type { DeletionTimeRecord, Leap } from "../core/deletion-time.ts";
import { type Database, must, one } from "./database.ts";
import { statement } from "./statement.ts";

/** Where the last reading of the clock is kept between two runs. */
export interface DeletionRecords {
  /** The last reading; in a database that has none, the time of its newest audit event. */
  read(): Promise<DeletionTimeRecord | undefined>;
  write(record: DeletionTimeRecord): Promise<void>;
}

/** The last reading of the clock in the database: one row. */
export function deletionRecords(database: Database): DeletionRecords {
  const { query } = database;
  const read = statement<Record<string, never>>()(() =>
    query.selectFrom("deletion_time").select(["seen_at as seenAt", "leaps"]),
  );
  const newest = statement<Record<string, never>>()(() =>
    query.selectFrom("audit_events").select("at").orderBy("number", "desc").limit(1),
  );
  const write = statement<{ seenAt: number; leaps: string }>()((slot) =>
    query
      .insertInto("deletion_time")
      .values({ id: 1, seen_at: slot("seenAt"), leaps: slot("leaps") })
      .onConflict((known) =>
        known.column("id").doUpdateSet({ seen_at: slot("seenAt"), leaps: slot("leaps") }),
      ),
  );
  return {
    async read() {
      const row = await one(database, read, {});
      if (row !== undefined) return { seenAt: row.seenAt, leaps: leapsOf(row.leaps) };
      const event = await one(database, newest, {});
      return event && { seenAt: event.at, leaps: [] };
    },
    async write({ seenAt, leaps }) {
      const row = { seenAt: Math.round(seenAt), leaps: JSON.stringify(leaps) };
      // Without it the time on a full volume counts as a leap after a restart, and deletions wait for a day.
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
