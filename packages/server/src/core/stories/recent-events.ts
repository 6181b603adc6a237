import type { AuditEvent, AuditEventName } from "../audit-events.ts";
import { maxTypedName, nameKeys } from "../passwords/account-names.ts";
import type { Users } from "../people/users.ts";

/** An event with its place in the trail. A newer Latchkey may have written another name or reason. */
export interface RecordedEvent extends Omit<AuditEvent, "name" | "reason"> {
  readonly number: number;
  readonly name: string;
  readonly reason?: string;
  /** The process that recorded it. Events of versions without this field have none. */
  readonly replica?: string;
}

/** A query of the audit trail. */
export interface AuditQuery {
  /** The number of events, at most. */
  readonly limit: number;
  /** Reads events with a smaller number alone. */
  readonly before?: number | undefined;
  readonly name?: AuditEventName | undefined;
  /** Reads events of this account alone, and those that this user caused. */
  readonly user?: string | undefined;
}

/** A page of events, newest first. `next` is the `before` of the next page; the last page has no `next`. */
export interface AuditPage {
  readonly events: readonly RecordedEvent[];
  readonly next?: number;
}

/** Reads the audit trail. The number of events that one page examines is bounded. */
export interface AuditReader {
  recent(query: AuditQuery): Promise<AuditPage>;
}

export type RecentEvents = (query: AuditQuery) => Promise<AuditPage>;

/**
 * Reads the audit trail, newest first. A user may be given by name or e-mail address. A removed or unknown user is
 * given by the subject in the trail, such as `user:alice`.
 */
export function createRecentEvents(users: Pick<Users, "byName">, events: AuditReader): RecentEvents {
  return async function recentEvents({ user, ...query }) {
    if (user === undefined || user.length > maxTypedName) return events.recent({ ...query, user });
    const known = await users.byName(nameKeys(user));
    return events.recent({ ...query, user: known?.id ?? user });
  };
}
