import { auditEventNames, operator } from "../../core/audit-events.ts";
import { type Database, one } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditListener } from "./audit.ts";
import { type AuditRow, auditColumns, newestEvent, recordedEvent } from "./audit-reading.ts";

const between = statement<{ from: number; to: number; address: string }, AuditRow>(`
  select ${auditColumns} from audit_events
  where number > :from and number <= :to and (address = :address or name = 'user.unlocked')
  order by number`);

/** Longest reason or replica in the log, in characters. Known reasons have at most 17. */
const maxText = 64;

/** Called with the id of a user after another process has forgotten the failures. */
export type UnlockListener = (userId: string) => Promise<void>;

/**
 * Reports the events that commands have recorded since the last call, and the users that any process has unlocked. Commands run in processes of their own, and
 * every server logs their events too. The first call reports nothing: it remembers the end of the trail.
 */
export function commandEvents(
  database: Database,
  listener: AuditListener,
  unlocked: UnlockListener = async () => {},
): () => Promise<void> {
  let reported: number | undefined;

  return async () => {
    const to = (await one(database, newestEvent, {}))?.number ?? 0;
    const from = reported ?? to;
    // A purge can empty the trail. Its numbers continue all the same.
    reported ??= from;
    if (to <= from) return;
    const rows = await database.all(between, { from, to, address: operator.address });
    // Only now: the events of a failed read are reported at the next call.
    reported = to;
    for (const row of rows) {
      const { number: _, reason, replica, ...event } = recordedEvent(row);
      const name = auditEventNames.find((known) => known === event.name);
      if (name === "user.unlocked" && event.subject !== undefined) await unlocked(event.subject);
      if (name === undefined || event.address !== operator.address) continue;
      listener({
        ...event,
        name,
        ...(reason !== undefined && { reason: shortened(reason) }),
        ...(replica !== undefined && { replica: shortened(replica) }),
      });
    }
  };
}

/** A text for the log. The table may hold any text: a newer command line or another program wrote it. */
function shortened(text: string): string {
  return text.slice(0, maxText).replaceAll(/\p{C}/gu, " ");
}
