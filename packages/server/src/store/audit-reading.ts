import { setImmediate } from "node:timers/promises";
import type { Selectable } from "kysely";
import type { AuditReader, RecordedEvent } from "../core/recent-events.ts";
import { type Database, one } from "./database.ts";
import type { AuditEventTable } from "./schema.ts";
import { asText, statement } from "./statement.ts";

/** How much is looked at before others have their turn, and in one reading altogether. */
interface Bounds {
  /** Events in one slice. */
  readonly sliceSize: number;
  /** Slices in one reading, before whoever asks is told where to read on. */
  readonly mostSlices: number;
}

/** A slice takes less than a millisecond, so that a reading holds up nobody. */
const usualBounds: Bounds = { sliceSize: 5_000, mostSlices: 200 };

interface Slice {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly name: string | null;
  readonly user: string | null;
}

/**
 * Reads the audit trail from its end, a slice at a time. It has no index but its numbers: every login would pay
 * for one, and it is seldom read.
 */
export function auditReading(
  database: Database,
  { sliceSize, mostSlices }: Bounds = usualBounds,
): AuditReader {
  const { query } = database;
  const edge = (direction: "asc" | "desc") =>
    statement<Record<string, never>>()(() =>
      query.selectFrom("audit_events").select("number").orderBy("number", direction).limit(1),
    );
  const [first, last] = [edge("asc"), edge("desc")];
  const slice = statement<Slice>()((slot) =>
    query
      .selectFrom("audit_events")
      .select(recordedColumns)
      .where("number", ">", slot("from"))
      .where("number", "<=", slot("to"))
      .where((where) => where.or([where(asText(slot("name")), "is", null), where("name", "=", slot("name"))]))
      .where((where) =>
        where.or([
          where(asText(slot("user")), "is", null),
          where("subject", "=", slot("user")),
          where("actor", "=", slot("user")),
        ]),
      )
      .orderBy("number", "desc")
      .limit(slot("limit")),
  );

  return {
    async recent({ limit, before = Number.MAX_SAFE_INTEGER, name = null, user = null }) {
      const oldest = await one(database, first, {});
      const newest = await one(database, last, {});
      const events: RecordedEvent[] = [];
      if (oldest === undefined || newest === undefined) return { events };
      let to = Math.min(before - 1, newest.number);
      for (let slices = 0; slices < mostSlices && to >= oldest.number; slices++) {
        const from = to - sliceSize;
        const found = await database.all(slice, { from, to, limit: limit - events.length, name, user });
        events.push(...found.map(recordedEvent));
        const end = events.at(-1);
        if (end !== undefined && events.length === limit) return { events, next: end.number };
        to = from;
        await setImmediate();
      }
      return to >= oldest.number ? { events, next: to + 1 } : { events };
    },
  };
}

/** What is read of an event, by name: a newer Latchkey may have added more. */
export const recordedColumns = [
  "number",
  "name",
  "at",
  "address",
  "subject",
  "session_id",
  "request_id",
  "actor",
  "reason",
] as const satisfies readonly (keyof AuditEventTable)[];

/** An event as it is kept. */
export function recordedEvent(row: Selectable<AuditEventTable>): RecordedEvent {
  return {
    number: row.number,
    name: row.name,
    at: row.at,
    address: row.address,
    ...(row.subject !== null && { subject: row.subject }),
    ...(row.session_id !== null && { sessionId: row.session_id }),
    ...(row.request_id !== null && { requestId: row.request_id }),
    ...(row.actor !== null && { actor: row.actor }),
    ...(row.reason !== null && { reason: row.reason }),
  };
}
