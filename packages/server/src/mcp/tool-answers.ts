import type { User, UserRecord } from "../core/people/users.ts";
import type { SessionPrincipal } from "../core/stories/current-user.ts";
import type { LiveSessions } from "../core/stories/own-sessions.ts";
import type { AuditPage } from "../core/stories/recent-events.ts";
import { eventFields, rfc3339, sessionFields, userFields } from "../core/wire-fields.ts";
import type { AccountAnswer, EventsAnswer, SessionsAnswer, UserAnswer } from "./tool-outputs.ts";

// The answers of the tools, in the names of the wire.

/** The account of the caller, with the session and the end of the token. */
export function accountAnswer(user: User, { sessionId, expiresAt }: SessionPrincipal): AccountAnswer {
  return { ...userFields(user), session_id: sessionId, token_expires_at: rfc3339(expiresAt) };
}

/** A user, as the tools of administrators show it. */
export function userAnswer(user: UserRecord & { readonly liveSessions: number }): UserAnswer {
  return { ...userFields(user), created_at: rfc3339(user.createdAt), live_sessions: user.liveSessions };
}

/** The caller's live sessions. `current` marks the session of the call. */
export function sessionsAnswer(
  { sessions, total }: LiveSessions,
  { sessionId }: SessionPrincipal,
): SessionsAnswer {
  return {
    total,
    sessions: sessions.map((session) => ({ ...sessionFields(session), current: session.id === sessionId })),
  };
}

/** A page of the audit trail. */
export function eventsAnswer({ events, next }: AuditPage): EventsAnswer {
  return { events: events.map(eventFields), ...(next !== undefined && { next }) };
}
