import { setImmediate } from "node:timers/promises";
import type { AuditFilter, AuditReader, RecordedEvent } from "../../core/stories/recent-events.ts";
import { type Database, one } from "../database.ts";
import { type NoValues, statement } from "../statement.ts";

/** A row of `audit_events`. */
export interface AuditRow {
  readonly number: number;
  readonly name: string;
  readonly at: number;
  readonly address: string;
  readonly subject: string | null;
  readonly sessionId: string | null;
  readonly requestId: string | null;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly replica: string | null;
  readonly client: string | null;
  readonly resource: string | null;
}

/** Its columns by name, because a newer Latchkey may have added others. */
export const auditColumns = `number, name, at, address, subject, session_id as "sessionId",
  request_id as "requestId", actor, reason, replica, client, resource`;

/** Some events between two numbers. */
interface Slice {
  readonly above: number;
  readonly upTo: number;
  readonly limit: number;
  /** Names between commas, with one at each end. */
  readonly names: string | null;
  readonly user: string | null;
  readonly from: number;
  readonly to: number;
}

type TrailEnd = Pick<AuditRow, "number" | "at">;

/** The oldest event. */
export const oldestEvent = statement<NoValues, TrailEnd>(
  "select number, at from audit_events order by number limit 1",
);

/** The newest event. */
export const newestEvent = statement<NoValues, TrailEnd>(
  "select number, at from audit_events order by number desc limit 1",
);

// A value compared with null alone has no type that PostgreSQL could infer, hence the casts. A sum has no index: for
// each slice, PostgreSQL would read the index of all times.
const slice = statement<Slice, AuditRow>(`
  select ${auditColumns} from audit_events
  where number > :above and number <= :upTo and at + 0 >= :from and at + 0 < :to
    and (cast(:names as text) is null or :names != replace(:names, ',' || name || ',', ''))
    and (cast(:user as text) is null or subject = :user or actor = :user)
  order by number desc limit :limit`);

/**
 * Reads the audit trail from its end, slice by slice. The table has no index of users: one made the insert of an event
 * six times as expensive (5 against 30 µs of CPU), and every login would pay for it. Without it, a search through five
 * million events takes a few seconds. A slice of 5,000 events takes 1 to 3 ms, so a reading does not delay other
 * requests, and ten slices take less than 50 ms. After the last slice of a reading, the answer names the number to
 * continue from.
 *
 * A filter by time examines every event, because clocks differ: an old time may stand on a new number.
 */
export function auditReading(database: Database, { sliceSize = 5_000, mostSlices = 10 } = {}): AuditReader {
  return {
    async recent({ limit, before = Number.MAX_SAFE_INTEGER, ...filter }) {
      const oldest = await one(database, oldestEvent, {});
      const newest = await one(database, newestEvent, {});
      const events: RecordedEvent[] = [];
      if (oldest === undefined || newest === undefined) return { events };
      const selected = selectedBy(filter);
      let upTo = Math.min(before - 1, newest.number);
      for (let slices = 0; slices < mostSlices && upTo >= oldest.number; slices++) {
        const above = upTo - sliceSize;
        const left = limit - events.length;
        const found = await database.all(slice, { ...selected, above, upTo, limit: left });
        events.push(...found.map(recordedEvent));
        const end = events.at(-1);
        if (end !== undefined && events.length === limit) return { events, next: end.number };
        upTo = above;
        await setImmediate();
      }
      return upTo >= oldest.number ? { events, next: upTo + 1 } : { events };
    },
  };
}

function selectedBy({ names, user, from, to }: AuditFilter): Omit<Slice, "above" | "upTo" | "limit"> {
  return {
    names: names === undefined ? null : `,${names.join(",")},`,
    user: user ?? null,
    from: from ?? 0,
    to: to ?? Number.MAX_SAFE_INTEGER,
  };
}

/** An event without its empty columns. */
export function recordedEvent(row: AuditRow): RecordedEvent {
  return {
    number: row.number,
    name: row.name,
    at: row.at,
    address: row.address,
    ...(row.subject !== null && { subject: row.subject }),
    ...(row.sessionId !== null && { sessionId: row.sessionId }),
    ...(row.requestId !== null && { requestId: row.requestId }),
    ...(row.actor !== null && { actor: row.actor }),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.replica !== null && { replica: row.replica }),
    ...(row.client !== null && { client: row.client }),
    ...(row.resource !== null && { resource: row.resource }),
  };
}
