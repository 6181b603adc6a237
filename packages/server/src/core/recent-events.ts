import { maxTypedName, nameKeys } from "./account-names.ts";
import type { AuditPage, AuditQuery, AuditReader, Users } from "./ports.ts";

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
