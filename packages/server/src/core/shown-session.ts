import type { Session } from "./sessions.ts";

/** The times of a session are shown no finer than this, in milliseconds. */
const finest = 5 * 60_000;

/**
 * A session as people see it. The moment of its last use is rounded down, and its end, from which that moment could be
 * reckoned, is rounded up: a thief of an access token must not learn when the owner refreshes, because a repeat within
 * the grace gets the successor. No shown use lies before the session was opened.
 *
 * @param longestGrace milliseconds; what is shown is twice as coarse
 */
export function shownSession(session: Session, longestGrace: number): Session {
  const unit = Math.max(finest, 2 * longestGrace);
  const { lastUsedAt, createdAt, expiresAt, endsAt } = session;
  return {
    ...session,
    lastUsedAt: Math.max(createdAt, Math.floor(lastUsedAt / unit) * unit),
    expiresAt: Math.min(endsAt, Math.ceil(expiresAt / unit) * unit),
  };
}
