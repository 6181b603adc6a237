import type { User } from "./people/users.ts";
import type { RecordedEvent } from "./stories/recent-events.ts";
import type { Session } from "./stories/sessions.ts";

// The names of the wire for HTTP, the tools, the command line and the export of a user. They are listed field by field: a
// new field of the core stays private until it is added here.

/** A user on the wire. */
export function userFields(user: User) {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    display_name: user.displayName,
    active_status: user.active,
    roles: [...user.roles],
  };
}

/** A session on the wire, without its user. A person's own login has no field of a client. */
export function sessionFields({ id, createdAt, lastUsedAt, expiresAt, addressBucket, client }: Session) {
  return {
    id,
    opened_at: rfc3339(createdAt),
    last_used_at: rfc3339(lastUsedAt),
    expires_at: rfc3339(expiresAt),
    address: addressBucket,
    ...(client !== null && {
      client_id: client.id,
      client_name: client.name,
      scope: client.scope,
      resource: client.resource,
    }),
  };
}

/** An audit event on the wire. */
export function eventFields(event: RecordedEvent) {
  const { number, at, name, subject, actor, sessionId, address, requestId, reason, replica } = event;
  const { client, resource } = event;
  return {
    number,
    at: rfc3339(at),
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

/** A time as RFC 3339 in UTC. @param at milliseconds since the epoch */
export function rfc3339(at: number): string {
  return new Date(at).toISOString();
}
