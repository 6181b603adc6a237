import type { AuditEvent, AuditTrail } from "../core/audit-events.ts";
import { type Database, type Step, step } from "./database.ts";
import { statement } from "./statement.ts";

/** Told of every audit event once it is durable. */
export type AuditListener = (event: AuditEvent) => void;

/** Where the tables write their events: into the same change as what happened, then to the listener. */
export interface AuditWriter extends AuditTrail {
  steps(...events: readonly AuditEvent[]): Step[];
  announce(...events: readonly AuditEvent[]): void;
}

/** The audit trail in the database. */
export function auditTable(database: Database, listener: AuditListener): AuditWriter {
  const insert = statement<Required<Row>>()((slot) =>
    database.query.insertInto("audit_events").values({
      at: slot("at"),
      name: slot("name"),
      subject: slot("subject"),
      session_id: slot("sessionId"),
      address: slot("address"),
      request_id: slot("requestId"),
      reason: slot("reason"),
      actor: slot("actor"),
    }),
  );
  const steps = (...events: readonly AuditEvent[]) => events.map((event) => step(insert, rowOf(event)));
  const announce = (...events: readonly AuditEvent[]) => {
    for (const event of events) listener(event);
  };
  return {
    steps,
    announce,
    async record(event) {
      await database.commit(steps(event));
      announce(event);
    },
  };
}

interface Row {
  at: number;
  name: string;
  subject: string | null;
  sessionId: string | null;
  address: string;
  requestId: string | null;
  reason: string | null;
  actor: string | null;
}

function rowOf(event: AuditEvent): Row {
  return {
    at: event.at,
    name: event.name,
    subject: event.subject ?? null,
    sessionId: event.sessionId ?? null,
    address: event.address,
    requestId: event.requestId ?? null,
    reason: event.reason ?? null,
    actor: event.actor ?? null,
  };
}
