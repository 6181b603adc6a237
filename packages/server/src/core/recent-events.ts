import { maxTypedName, nameKeys } from "./account-names.ts";
import type { AuditEvent, AuditEventName } from "./audit-events.ts";
import type { Users } from "./users.ts";

/** An event with its place in the trail. A newer Latchkey may have written another name or reason. */
export interface RecordedEvent extends Omit<AuditEvent, "name" | "reason"> {
  readonly number: number;
  readonly name: string;
  readonly reason?: string;
}

/** Which events to read, newest first. */
export interface AuditQuery {
  /** How many at most. */
  readonly limit: number;
  /** Only those with a smaller number than this. */
  readonly before?: number | undefined;
  readonly name?: AuditEventName | undefined;
  /** Only those that happened to this account, or that this user caused. */
  readonly user?: string | undefined;
}

/** Some events, newest first, and where to read on: as the next query's `before`. Without it there is no more. */
export interface AuditPage {
  readonly events: readonly RecordedEvent[];
  readonly next?: number;
}

/** Where audit events are read again. How many are looked at for one page is bounded. */
export interface AuditReader {
  recent(query: AuditQuery): Promise<AuditPage>;
}

export type RecentEvents = (query: AuditQuery) => Promise<AuditPage>;

/**
 * Reads the audit trail, newest first. A user may be given by name or e-mail address; who is no user any more,
 * and who never was, by what the trail calls them, such as `user:alice`.
 */
export function createRecentEvents(users: Pick<Users, "byName">, events: AuditReader): RecentEvents {
  return async function recentEvents({ user, ...query }) {
    if (user === undefined || user.length > maxTypedName) return events.recent({ ...query, user });
    const { key, older } = nameKeys(user);
    const known = await users.byName(key, older);
    return events.recent({ ...query, user: known?.id ?? user });
  };
}
