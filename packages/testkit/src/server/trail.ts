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
}

/** The source of audit events for a test. */
interface Trail {
  /** The events since the last call. */
  newEvents(): AuditRow[];
  close(): void;
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The trail in a SQLite file. */
export function fileTrail(path: string): Trail {
  const audit = new DatabaseSync(path);
  const since = audit.prepare(
    "select number, name, subject, session_id, address, request_id, reason, actor from audit_events where number > ? order by number",
  );
  let seen = 0;
  return {
    newEvents: () =>
      since.all(seen).map((row) => {
        seen = Number(row["number"]);
        return {
          name: String(row["name"]),
          subject: textOf(row["subject"]),
          session_id: textOf(row["session_id"]),
          address: String(row["address"]),
          request_id: textOf(row["request_id"]),
          reason: textOf(row["reason"]),
          actor: textOf(row["actor"]),
        };
      }),
    close: () => audit.close(),
  };
}

/** The trail as the log tells it, once its events are durable. */
export function loggedTrail(logged: () => readonly Record<string, unknown>[]): Trail {
  let seen = 0;
  return {
    newEvents: () => {
      const lines = logged();
      const fresh = lines.slice(seen).filter(({ event }) => auditEventNames.some((name) => name === event));
      seen = lines.length;
      return fresh.map((line) => ({
        name: String(line["event"]),
        subject: textOf(line["subject"]),
        session_id: textOf(line["sessionId"]),
        address: String(line["address"]),
        request_id: textOf(line["requestId"]),
        reason: textOf(line["reason"]),
        actor: textOf(line["actor"]),
      }));
    },
    close: () => {},
  };
}
