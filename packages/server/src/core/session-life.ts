import type { AccessTokens } from "./access-tokens.ts";
import type { Clock } from "./clock.ts";
import { LatchkeyError } from "./errors.ts";
import type { Session, SessionUse } from "./sessions.ts";

/** All in milliseconds. */
export interface SessionLife {
  /** A session that is not used for so long ends. */
  readonly idle: number;
  /** A session ends after so long, however much it is used. */
  readonly max: number;
}

/** The life of a session under the settings of today. */
export type SessionSettings = SessionLife;

/**
 * A session with the times that count. Settings that were lowered since it was opened shorten it, settings that
 * were raised do not lengthen it. Access tokens that it promised keep their time.
 */
export function withLife(session: Session, { idle, max }: SessionLife): Session {
  const endsAt = Math.min(session.endsAt, session.createdAt + max);
  const expiresAt = Math.min(session.expiresAt, endsAt, session.lastUsedAt + idle);
  return { ...session, endsAt, expiresAt };
}

/** What using a session now makes of its times. */
export function useOf(
  session: Pick<Session, "endsAt">,
  parts: { settings: SessionSettings; tokens: AccessTokens; clock: Clock },
): SessionUse {
  const now = parts.clock();
  const expiresAt = Math.min(now + parts.settings.idle, session.endsAt);
  return { lastUsedAt: now, expiresAt, tokensUntil: parts.tokens.expiry(expiresAt) };
}

/** A session that has not ended. */
export interface LiveSession extends Session {
  readonly endedAt: null;
}

/** Whether a session is on record, has not been ended and has not expired. */
export function isLive(session: Session | undefined, now: number): session is LiveSession {
  return session !== undefined && session.endedAt === null && session.expiresAt > now;
}

/** The refusal of a token whose session does not live: `token_revoked` after its end, `token_expired` after its time. */
export function notLive(session: Session | undefined): LatchkeyError {
  if (session === undefined) return new LatchkeyError("token_revoked", { reason: "session is gone" });
  if (session.endedAt !== null) return new LatchkeyError("token_revoked", { reason: "session ended" });
  return new LatchkeyError("token_expired", { reason: "session expired" });
}
