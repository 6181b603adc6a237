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

/** The events that a reading of the audit trail selects. Times are milliseconds since the epoch. */
export interface AuditFilter {
  /** Selects events of these names alone. An empty list selects none. Default: all names. */
  readonly names?: readonly AuditEventName[] | undefined;
  /** Selects events of this account alone, and those that this user caused. */
  readonly user?: string | undefined;
  /** Selects events from this time on, by the clock of the replica that recorded them. */
  readonly from?: number | undefined;
  /** Selects events before this time, by the same clock. */
  readonly to?: number | undefined;
}

/** A query of the audit trail. */
export interface AuditQuery extends AuditFilter {
  /** The number of events, at most. */
  readonly limit: number;
  /** Reads events with a smaller number alone. */
  readonly before?: number | undefined;
}

/**
 * A page of events, newest first: by number, the order in which they were committed. Times may run against this order,
 * because clocks of replicas differ. `next` is the `before` of the next page, and the last page has no `next`. A page
 * with `next` may have fewer events than the limit, or none, because the work for one page is bounded.
 */
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
  return async (query) => events.recent({ ...query, user: await accountOf(users, query.user) });
}

/** Reads the selected events, newest first, in pages of at most 1,000. Memory holds one page. Default limit: all. */
export type EveryEvent = (
  query: Omit<AuditQuery, "limit"> & Partial<Pick<AuditQuery, "limit">>,
) => AsyncGenerator<readonly RecordedEvent[], void>;

/** Reads the audit trail for an export. Events that are recorded meanwhile are left out. */
export function createEveryEvent(users: Pick<Users, "byName">, events: AuditReader): EveryEvent {
  return async function* everyEvent({ limit = Number.POSITIVE_INFINITY, ...query }) {
    // Asked once: a user is the same account after a new name.
    const user = await accountOf(users, query.user);
    let before = query.before;
    for (let left = limit; left > 0; ) {
      const page: AuditPage = await events.recent({
        ...query,
        user,
        before,
        limit: Math.min(pageSize, left),
      });
      if (page.events.length > 0) yield page.events;
      if (page.next === undefined) return;
      before = page.next;
      left -= page.events.length;
    }
  };
}

/** Events that an export has in memory at once. */
const pageSize = 1000;

async function accountOf(
  users: Pick<Users, "byName">,
  user: string | undefined,
): Promise<string | undefined> {
  if (user === undefined || user.length > maxTypedName) return user;
  return (await users.byName(nameKeys(user)))?.id ?? user;
}
