/** Everything that is written down for later: what happened. */
export const auditEventNames = [
  "login.succeeded",
  "login.failed",
  "login.throttled",
  "refresh.throttled",
  "token.refreshed",
  "refresh.repeated",
  "refresh.replayed",
  "session.ended",
  "sessions.ended",
  "user.added",
  "user.password_changed",
  "user.disabled",
  "user.enabled",
  "user.removed",
  "key.rotated",
  "audit.pruned",
] as const;

export type AuditEventName = (typeof auditEventNames)[number];

/** Who makes something happen, and from where. */
export interface Origin {
  /** IP address, `cli` or `server`. */
  readonly address: string;
  readonly requestId?: string;
  /** The id of the user whose tool call it was. */
  readonly actor?: string;
}

/** Whoever may run commands on the server's machine. */
export const operator: Origin = { address: "cli" };

/** What a server does by itself. */
export const itself: Origin = { address: "server" };

/** Who, when, from where. Holds no password, no token and no name that was typed but is nobody's. */
export interface AuditEvent extends Origin {
  readonly name: AuditEventName;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The account: a user's id, or `unknown:` and a fingerprint of the name that was tried. */
  readonly subject?: string;
  readonly sessionId?: string;
  /** Why, in one word of a closed set, such as `logout` or `replay`. */
  readonly reason?: string;
}

/** An event. Of what is known of its origin, it takes what belongs into the trail. */
export function eventOf(
  name: AuditEventName,
  at: number,
  { address, requestId, actor }: Origin,
  about: Pick<AuditEvent, "subject" | "sessionId" | "reason"> = {},
): AuditEvent {
  return {
    name,
    at,
    address,
    ...(requestId !== undefined && { requestId }),
    ...(actor !== undefined && { actor }),
    ...about,
  };
}
