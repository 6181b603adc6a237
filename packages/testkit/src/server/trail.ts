import { DatabaseSync } from "node:sqlite";
import { auditEventNames } from "../../../server/src/core/audit-events.ts";

/** An audit event as a row of its table. */
export interface AuditRow {
  readonly name: string;
  readonly subject: string | null;
  readonly session_id: string | null;
  readonly address: string;
  readonly request_id: string | null;
  readonly reason: string | null;
  readonly actor: string | null;
  /** Absent for a person's own login. */
  readonly client?: string;
  /** Absent unless a client was allowed a resource, or got a token for it. */
  readonly resource?: string;
}

/** The source of audit events for a test. */
interface Trail {
  /** The events since the last call. */
  newEvents(): AuditRow[];
  close(): void;
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** Reads an event from its columns or from its line in the log, which have the same names. */
const rowOf = (found: Readonly<Record<string, unknown>>): AuditRow => ({
  name: String(found["event"]),
  subject: textOf(found["subject"]),
  session_id: textOf(found["sessionId"]),
  address: String(found["address"]),
  request_id: textOf(found["requestId"]),
  reason: textOf(found["reason"]),
  actor: textOf(found["actor"]),
  ...(typeof found["client"] === "string" && { client: found["client"] }),
  ...(typeof found["resource"] === "string" && { resource: found["resource"] }),
});

/** The trail in a SQLite file. */
export function fileTrail(path: string): Trail {
  const audit = new DatabaseSync(path);
  const since = audit.prepare(
    `select number, name as event, subject, session_id as sessionId, address, request_id as requestId, reason, actor,
      client, resource
      from audit_events where number > ? order by number`,
  );
  let seen = 0;
  return {
    newEvents() {
      const rows = since.all(seen);
      seen = Number(rows.at(-1)?.["number"] ?? seen);
      return rows.map(rowOf);
    },
    close: () => audit.close(),
  };
}

/** The trail in the log, which has only durable events. */
export function loggedTrail(logged: () => readonly Record<string, unknown>[]): Trail {
  let seen = 0;
  return {
    newEvents() {
      const lines = logged();
      const fresh = lines.slice(seen).filter(({ event }) => auditEventNames.some((name) => name === event));
      seen = lines.length;
      return fresh.map(rowOf);
    },
    close: () => {},
  };
}
