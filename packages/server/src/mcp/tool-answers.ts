import type { User, UserRecord } from "../core/people/users.ts";
import type { SessionPrincipal } from "../core/stories/current-user.ts";
import type { LiveSessions } from "../core/stories/own-sessions.ts";
import type { AuditPage, RecordedEvent } from "../core/stories/recent-events.ts";
import type { Session, SessionClient } from "../core/stories/sessions.ts";
import type { AccountAnswer, EventsAnswer, SessionsAnswer, UserAnswer } from "./tool-outputs.ts";

// From the core's names to the names of the wire, field by field. A new field of the core stays private until it is
// added here.

export function accountAnswer(user: User, { sessionId, expiresAt }: SessionPrincipal): AccountAnswer {
  return { ...userFields(user), session_id: sessionId, token_expires_at: time(expiresAt) };
}

export function userAnswer(user: UserRecord & { readonly liveSessions: number }): UserAnswer {
  return { ...userFields(user), created_at: time(user.createdAt), live_sessions: user.liveSessions };
}

export function sessionsAnswer(
  { sessions, total }: LiveSessions,
  { sessionId }: SessionPrincipal,
): SessionsAnswer {
  return {
    total,
    sessions: sessions.map((session) => ({ ...sessionFields(session), current: session.id === sessionId })),
  };
}

export function eventsAnswer({ events, next }: AuditPage): EventsAnswer {
  return { events: events.map(eventFields), ...(next !== undefined && { next }) };
}

function eventFields(event: RecordedEvent): EventsAnswer["events"][number] {
  const { number, at, name, subject, actor, sessionId, address, requestId, reason, replica } = event;
  const { client, resource } = event;
  return {
    number,
    at: time(at),
    name,
    ...(subject !== undefined && { subject }),
    ...(actor !== undefined && { actor }),
    ...(sessionId !== undefined && { session_id: sessionId }),
    address,
    ...(requestId !== undefined && { request_id: requestId }),
    ...(reason !== undefined && { reason }),
    ...(replica !== undefined && { replica }),
    ...(client !== undefined && { client }),
    ...(resource !== undefined && { resource }),
  };
}

function sessionFields(session: Session) {
  return {
    id: session.id,
    opened_at: time(session.createdAt),
    last_used_at: time(session.lastUsedAt),
    expires_at: time(session.expiresAt),
    address: session.addressBucket,
    ...(session.client !== null && clientFields(session.client)),
  };
}

/** The client of a session on the wire. A person's own login has none of these fields. */
function clientFields({ id, name, scope, resource }: SessionClient) {
  return { client_id: id, client_name: name, scope, resource };
}

function userFields(user: User) {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    display_name: user.displayName,
    active_status: user.active,
    roles: [...user.roles],
  };
}

function time(at: number): string {
  return new Date(at).toISOString();
}
