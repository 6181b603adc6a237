import type { AuditEvent } from "../core/audit-events.ts";
import type { AuditTrail } from "../core/ports.ts";
import { type Database, type Step, step } from "./database.ts";
import { statement } from "./statement.ts";

/** Called with every audit event once it is durable. */
export type AuditListener = (event: AuditEvent) => void;

/** Adds audit events to the change that they report, and passes them to the listener once it is durable. */
export interface AuditWriter extends AuditTrail {
  steps(...events: readonly AuditEvent[]): Step[];
  announce(...events: readonly AuditEvent[]): void;
}

interface EventValues {
  readonly at: number;
  readonly name: string;
  readonly subject: string | null;
  readonly sessionId: string | null;
  readonly address: string;
  readonly requestId: string | null;
  readonly reason: string | null;
  readonly actor: string | null;
}

const insert = statement<EventValues>(`
  insert into audit_events (at, name, subject, session_id, address, request_id, reason, actor)
  values (:at, :name, :subject, :sessionId, :address, :requestId, :reason, :actor)`);

/** The table `audit_events`, written. */
export function auditTable(database: Database, listener: AuditListener): AuditWriter {
  const steps = (...events: readonly AuditEvent[]) => events.map((event) => step(insert, valuesOf(event)));
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

function valuesOf(event: AuditEvent): EventValues {
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
