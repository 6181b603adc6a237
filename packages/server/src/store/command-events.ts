import { auditEventNames, auditReasons, operator } from "../core/audit-events.ts";
import type { AuditListener } from "./audit.ts";
import { recordedColumns, recordedEvent } from "./audit-reading.ts";
import { type Database, one } from "./database.ts";
import { statement } from "./statement.ts";

/**
 * Tells the listener what commands have written since the last call. They run in processes of their own, and what
 * they did belongs into the log of every server. The first call tells nothing: it notes where the trail ends.
 */
export function commandEvents(database: Database, listener: AuditListener): () => Promise<void> {
  const { query } = database;
  const last = statement<Record<string, never>>()(() =>
    query.selectFrom("audit_events").select("number").orderBy("number", "desc").limit(1),
  );
  const between = statement<{ from: number; to: number }>()((slot) =>
    query
      .selectFrom("audit_events")
      .select(recordedColumns)
      .where("number", ">", slot("from"))
      .where("number", "<=", slot("to"))
      .where("address", "=", operator.address)
      .orderBy("number"),
  );
  let seen: number | undefined;

  return async () => {
    const to = (await one(database, last, {}))?.number ?? 0;
    const from = seen ?? to;
    // Tidying can empty the trail; its numbers go on all the same.
    seen = Math.max(from, to);
    if (to <= from) return;
    for (const row of await database.all(between, { from, to })) {
      const { number: _, reason: why, ...event } = recordedEvent(row);
      const name = auditEventNames.find((known) => known === event.name);
      const reason = Object.values(auditReasons)
        .flat()
        .find((known) => known === why);
      if (name !== undefined) listener({ ...event, name, ...(reason !== undefined && { reason }) });
    }
  };
}
