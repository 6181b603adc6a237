import type { FoundClient, ListedClient } from "../../core/oauth/registered-clients.ts";
import type { RegisteredResource } from "../../core/oauth/resources.ts";
import type { Invitation } from "../../core/people/links.ts";
import type { UserRecord } from "../../core/people/users.ts";
import type { ListedKey } from "../../core/stories/key-administration.ts";
import type { Session } from "../../core/stories/sessions.ts";
import { rfc3339, sessionFields, userFields } from "../../core/wire-fields.ts";
import type {
  ClientAnswer,
  InvitationAnswer,
  KeyAnswer,
  ResourceAnswer,
  SessionAnswer,
  UserAnswer,
} from "./admin-models.ts";

// From the core's names to those of the wire, field by field. A new field of the core stays private until it is added.

/** A user, as administrators see it. */
export function userAnswer(user: UserRecord): UserAnswer {
  return {
    ...userFields(user),
    email_verified: user.emailVerifiedAt !== null,
    must_change_password: user.mustChangePassword,
    created_at: rfc3339(user.createdAt),
    password_changed_at: timeOrNull(user.passwordChangedAt),
    last_login_at: timeOrNull(user.lastLoginAt),
    version: user.version,
  };
}

/** A session with its user. */
export function sessionAnswer(session: Session): SessionAnswer {
  const { id, ...fields } = sessionFields(session);
  return { id, user_id: session.userId, ...fields };
}

/** An invitation without its link. */
export function invitationAnswer(invitation: Invitation): InvitationAnswer {
  const { id, email, roles, invitedBy, invitedWith, createdAt, expiresAt } = invitation;
  return {
    id,
    email,
    roles: [...roles],
    invited_by: invitedBy ?? invitedWith,
    created_at: rfc3339(createdAt),
    expires_at: rfc3339(expiresAt),
  };
}

/** A signing key without its private part. */
export function keyAnswer(key: ListedKey): KeyAnswer {
  return {
    kid: key.kid,
    state: key.state,
    alg: key.algorithm,
    created_at: rfc3339(key.createdAt),
    activated_at: timeOrNull(key.activatedAt),
    retired_at: timeOrNull(key.retiredAt),
    keep_until: timeOrNull(key.keepUntil),
  };
}

/** A client of the list. */
export function clientAnswer(client: ListedClient): ClientAnswer {
  return {
    id: client.id,
    name: client.name,
    added: client.added,
    blocked_at: timeOrNull(client.blockedAt),
    live_sessions: client.sessions,
  };
}

/** A client that is shown alone, with all that it may do if it was added here. */
export function wholeClientAnswer({ registered, ...client }: FoundClient): ClientAnswer {
  return {
    ...clientAnswer(client),
    ...(registered !== undefined && {
      redirect_uris: [...registered.redirectUris],
      grant_types: [...registered.grantTypes],
      authentication: proofs[registered.credentials[0].kind],
      roles: [...registered.roles],
      scopes: registered.scope.split(" ").filter((scope) => scope !== ""),
      created_at: rfc3339(registered.createdAt),
    }),
  };
}

const proofs = { none: "none", secret: "secret", keys: "jwks", key_address: "jwks_uri" } as const;

/** A resource that was added here. */
export function resourceAnswer({ url, name, scopes, createdAt }: RegisteredResource): ResourceAnswer {
  return { url, name, scopes: [...scopes], created_at: rfc3339(createdAt) };
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : rfc3339(at);
}
