import type { AuditEvent, AuditTrail } from "../../core/audit-events.ts";
import type { NewMail } from "../../core/mail/outbox.ts";
import { type Database, type Step, step, type Urgency } from "../database.ts";
import { statement } from "../statement.ts";
import type { AuditRow } from "./audit-reading.ts";
import { mailSteps } from "./outbox-rows.ts";

/** A durable audit event. A newer command line may have written a reason that this version does not know. */
export interface DurableEvent extends Omit<AuditEvent, "reason"> {
  readonly reason?: string;
  /** The process that recorded it, if it is not this one. */
  readonly replica?: string;
}

/** Called with every audit event once it is durable. */
export type AuditListener = (event: DurableEvent) => void;

/** Records audit events in the same change as the rows that they report. */
export interface AuditWriter extends AuditTrail {
  /**
   * Commits a change with its events and mails, then calls the listeners.
   *
   * @returns false if the change was rolled back: then no event is recorded and no mail is sent. A stranger's mail rolls
   * the change back if too many mails wait
   * @throws {LatchkeyError} `store_unavailable` if the change could not be made durable
   */
  commit(
    steps: readonly Step[],
    events: readonly AuditEvent[],
    urgency?: Urgency,
    mails?: readonly NewMail[],
  ): Promise<boolean>;
}

const insert = statement<Omit<AuditRow, "number">>(`
  insert into audit_events (at, name, subject, session_id, address, request_id, reason, actor, replica, client, resource)
  values (:at, :name, :subject, :sessionId, :address, :requestId, :reason, :actor, :replica, :client, :resource)`);

/** Columns that an event may lack. */
const emptyColumns = {
  subject: null,
  sessionId: null,
  requestId: null,
  actor: null,
  reason: null,
  client: null,
  resource: null,
};

/**
 * The table `audit_events`, written.
 *
 * @param replica the id of this process, or null for events without one
 * @param onMail called when a mail is in the outbox
 */
export function auditTable(
  database: Database,
  listener: AuditListener,
  replica: string | null = null,
  onMail: () => void = () => {},
): AuditWriter {
  const commit: AuditWriter["commit"] = async (steps, events, urgency, mails = []) => {
    const inserts = events.map((event) => step(insert, { ...emptyColumns, ...event, replica }));
    const committed = await database.commit([...steps, ...mailSteps(mails), ...inserts], urgency);
    if (committed) for (const event of events) listener(event);
    if (committed && mails.length > 0) onMail();
    return committed;
  };
  return {
    commit,
    async record(event) {
      await commit([], [event]);
    },
  };
}
