import type { Caller } from "./ports.ts";

/** Everything that is written down for later: what happened. */
export type AuditEventName =
  | "login.succeeded"
  | "login.failed"
  | "login.throttled"
  | "refresh.throttled"
  | "token.refreshed"
  | "refresh.replayed"
  | "session.ended"
  | "user.added"
  | "user.password_changed"
  | "user.disabled"
  | "user.enabled"
  | "user.removed"
  | "key.rotated";

/** Who, when, from where. Holds no password, no token and no name that was typed but is nobody's. */
export interface AuditEvent {
  readonly name: AuditEventName;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The account: a user's id, or `unknown:` and a fingerprint of the name that was tried. */
  readonly subject?: string;
  readonly sessionId?: string;
  /** IP address, or `cli`. */
  readonly address: string;
  readonly requestId?: string;
  /** Why, in one word of a closed set, such as `logout` or `replay`. */
  readonly reason?: string;
}

/** An event caused by a request. */
export function eventOf(
  name: AuditEventName,
  at: number,
  caller: Caller,
  about: Pick<AuditEvent, "subject" | "sessionId" | "reason"> = {},
): AuditEvent {
  return { name, at, address: caller.address, requestId: caller.requestId, ...about };
}
