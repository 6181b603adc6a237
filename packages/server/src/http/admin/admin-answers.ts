import type { ListedClient, RegisteredClient } from "../../core/oauth/registered-clients.ts";
import type { RegisteredResource } from "../../core/oauth/resources.ts";
import type { UserRecord } from "../../core/people/users.ts";
import type { ListedKey } from "../../core/stories/key-administration.ts";
import type { RecordedEvent } from "../../core/stories/recent-events.ts";
import type { Session } from "../../core/stories/sessions.ts";
import type {
  AuditEventAnswer,
  ClientAnswer,
  KeyAnswer,
  ResourceAnswer,
  SessionAnswer,
  UserAnswer,
} from "./admin-models.ts";

// From the core's names to those of the wire, field by field. A new field of the core stays private until it is added here.

export function userAnswer(user: UserRecord): UserAnswer {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    display_name: user.displayName,
    active_status: user.active,
    roles: [...user.roles],
    email_verified: user.emailVerifiedAt !== null,
    must_change_password: user.mustChangePassword,
    created_at: time(user.createdAt),
    password_changed_at: timeOrNull(user.passwordChangedAt),
    last_login_at: timeOrNull(user.lastLoginAt),
    version: user.version,
  };
}

export function sessionAnswer(session: Session): SessionAnswer {
  const { client } = session;
  return {
    id: session.id,
    user_id: session.userId,
    opened_at: time(session.createdAt),
    last_used_at: time(session.lastUsedAt),
    expires_at: time(session.expiresAt),
    address: session.addressBucket,
    ...(client !== null && {
      client_id: client.id,
      client_name: client.name,
      scope: client.scope,
      resource: client.resource,
    }),
  };
}

export function eventAnswer(event: RecordedEvent): AuditEventAnswer {
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

export function keyAnswer(key: ListedKey): KeyAnswer {
  return {
    kid: key.kid,
    state: key.state,
    alg: key.algorithm,
    created_at: time(key.createdAt),
    activated_at: timeOrNull(key.activatedAt),
    retired_at: timeOrNull(key.retiredAt),
    keep_until: timeOrNull(key.keepUntil),
  };
}

/** @param registered the client with all that it may do, if it was added here and is shown alone */
export function clientAnswer(client: ListedClient, registered?: RegisteredClient): ClientAnswer {
  return {
    id: client.id,
    name: client.name,
    added: client.added,
    blocked_at: timeOrNull(client.blockedAt),
    live_sessions: client.sessions,
    ...(registered !== undefined && {
      redirect_uris: [...registered.redirectUris],
      grant_types: [...registered.grantTypes],
      authentication: proofs[registered.credentials[0].kind],
      roles: [...registered.roles],
      scopes: registered.scope.split(" ").filter((scope) => scope !== ""),
      created_at: time(registered.createdAt),
    }),
  };
}

const proofs = { none: "none", secret: "secret", keys: "keys", key_address: "jwks_uri" } as const;

export function resourceAnswer({ url, name, scopes, createdAt }: RegisteredResource): ResourceAnswer {
  return { url, name, scopes: [...scopes], created_at: time(createdAt) };
}

/** RFC 3339 in UTC. @param at milliseconds since the epoch */
export function time(at: number): string {
  return new Date(at).toISOString();
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : time(at);
}
