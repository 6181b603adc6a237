/** The names of all audit events. */
export const auditEventNames = [
  "login.succeeded",
  "login.failed",
  "login.throttled",
  "refresh.throttled",
  "token.issued",
  "token.refreshed",
  "refresh.repeated",
  "refresh.replayed",
  "session.ended",
  "sessions.ended",
  "authorization.granted",
  "authorization.denied",
  "authorization.redeemed",
  "authorization.replayed",
  "client.added",
  "client.blocked",
  "client.unblocked",
  "client.removed",
  "client.secret_replaced",
  "resource.added",
  "resource.removed",
  "user.added",
  "user.password_changed",
  "user.disabled",
  "user.enabled",
  "user.removed",
  "user.changed",
  "user.unlocked",
  "user.exported",
  "user.erased",
  "user.imported",
  "user.invited",
  "user.uninvited",
  "user.signed_up",
  "reset.requested",
  "mail.failed",
  "key.rotated",
  "key.reset",
  "audit.pruned",
] as const;

export type AuditEventName = (typeof auditEventNames)[number];

/** The source of an event. */
export interface Origin {
  /** IP address, `cli` or `server`. */
  readonly address: string;
  readonly requestId?: string;
  /** The id of the user or machine that makes the change. */
  readonly actor?: string;
  /** The id of the OAuth client of the request. */
  readonly client?: string;
}

/** The sender of a request, as far as the edge can tell. */
export interface Caller {
  /** IP address: the peer's, or the one that a trusted proxy vouches for. */
  readonly address: string;
  readonly requestId: string;
  /** Aborted when the caller hangs up. */
  readonly signal?: AbortSignal;
}

/** The operator, with a command on the server's machine. */
export const operator: Origin = { address: "cli" };

/** The server, with a job of its own. */
export const serverActor: Origin = { address: "server" };

/** The reasons of each event that has one. They are stored, so the text of a reason never changes. */
export const auditReasons = {
  "login.failed": [
    "unknown_user",
    "wrong_password",
    "inactive",
    "unusable_hash",
    "too_many_failures",
    "changed meanwhile",
    "token_too_large",
    "disabled",
    "setup_required",
    "refused_by_realm",
  ],
  "login.throttled": ["pair", "account", "address"],
  "refresh.throttled": ["pair", "account", "address"],
  "token.refreshed": ["refresh_token", "current_token"],
  "refresh.repeated": ["same_address", "other_address"],
  "session.ended": ["logout", "replay", "limit", "owner", "operator", "administrator", "revoked", "realm"],
  "sessions.ended": ["owner", "owner_others", "administrator"],
  "user.password_changed": ["owner", "reset", "administrator", "operator"],
  "user.changed": ["name", "email", "roles", "email_verified", "must_change_password"],
  "mail.failed": ["rejected", "expired"],
  "key.rotated": ["age", "operator", "administrator"],
} as const satisfies Partial<Record<AuditEventName, readonly string[]>>;

/** The reason of any event. @template Name the reasons of this event alone */
export type AuditReason<Name extends AuditEventName = AuditEventName> = Name extends keyof typeof auditReasons
  ? (typeof auditReasons)[Name][number]
  : never;

/** The account, the session and the reason of an event, as far as it has them. */
export interface AuditSubject<Name extends AuditEventName = AuditEventName> {
  /** The account: a user's id, or `unknown:` and a fingerprint of the name that was tried. */
  readonly subject?: string;
  readonly sessionId?: string;
  /** The id of the OAuth client. A person's own login has none. */
  readonly client?: string;
  /** URL of the resource that the client asked for, was allowed, or got a token for. */
  readonly resource?: string;
  readonly reason?: AuditReason<Name>;
}

/** An entry of the audit trail. It holds no password, no token, and no typed name that has no account. */
export interface AuditEvent extends Origin, AuditSubject {
  readonly name: AuditEventName;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Records events that belong to no other change. An event is durable when the promise resolves. */
export interface AuditTrail {
  record(event: AuditEvent): Promise<void>;
}

/** Makes an event. Of its origin it takes the fields that belong into the trail. */
export function eventOf<Name extends AuditEventName>(
  name: Name,
  at: number,
  { address, requestId, actor, client }: Origin,
  about: AuditSubject<Name> = {},
): AuditEvent {
  return {
    name,
    at,
    address,
    ...(requestId !== undefined && { requestId }),
    ...(actor !== undefined && { actor }),
    ...(client !== undefined && { client }),
    ...about,
  };
}
