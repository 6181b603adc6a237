import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { AccessTokens } from "../tokens/access-tokens.ts";
import type { Session, SessionUse } from "./sessions.ts";

/** All in milliseconds. */
export interface SessionLife {
  /** An unused session ends after this time. */
  readonly idle: number;
  /** A session ends after this time, used or not. */
  readonly max: number;
}

/**
 * A session with its effective times. Lowered settings shorten an open session, raised settings do not lengthen it.
 * Its issued access tokens keep their expiry.
 */
export function withLife(session: Session, { idle, max }: SessionLife): Session {
  const endsAt = Math.min(session.endsAt, session.createdAt + max);
  const expiresAt = Math.min(session.expiresAt, endsAt, session.lastUsedAt + idle);
  return { ...session, endsAt, expiresAt };
}

/** The times of a session after a use now. */
export function useOf(
  session: Pick<Session, "endsAt">,
  parts: { settings: SessionLife; tokens: AccessTokens; clock: Clock },
): SessionUse {
  const now = parts.clock();
  const expiresAt = Math.min(now + parts.settings.idle, session.endsAt);
  return { lastUsedAt: now, expiresAt, tokensUntil: parts.tokens.expiry(expiresAt) };
}

/** Whether a session is on record, has not been ended and has not expired. */
export function isLive(session: Session | undefined, now: number): session is Session & { endedAt: null } {
  return session !== undefined && session.endedAt === null && session.expiresAt > now;
}

/** The refusal of a session that is not live: `token_revoked` if it was ended, `token_expired` if it expired. */
export function notLive(session: Session | undefined): LatchkeyError {
  if (session === undefined) return new LatchkeyError("token_revoked", { reason: "session is gone" });
  if (session.endedAt !== null) return new LatchkeyError("token_revoked", { reason: "session ended" });
  return new LatchkeyError("token_expired", { reason: "session expired" });
}

/** The fields of an audit event about a session. */
export function aboutSession({ id, userId, client }: Pick<Session, "id" | "userId" | "client">) {
  return { subject: userId, sessionId: id, ...(client !== null && { client: client.id }) };
}
