import { type AuditEvent, type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { AccessTokens } from "../tokens/access-tokens.ts";
import type { RefreshToken, RefreshTokens } from "../tokens/refresh-tokens.ts";
import { type SessionLife, useOf } from "./session-life.ts";
import type { Session, Sessions } from "./sessions.ts";

/** The limits of a session that is opened now. */
export interface OpeningSettings extends SessionLife {
  /** Live sessions of one user, at most. */
  readonly mostSessions: number;
}

export interface OpeningParts {
  readonly sessions: Pick<Sessions, "surplus">;
  readonly refreshTokens: RefreshTokens;
  readonly tokens: AccessTokens;
  readonly settings: OpeningSettings;
  readonly clock: Clock;
}

/** A session that begins now with this refresh token. */
export function newSession(
  first: RefreshToken,
  { userId, client, addressBucket }: Pick<Session, "userId" | "client" | "addressBucket">,
  parts: Omit<OpeningParts, "sessions">,
): Session {
  const now = parts.clock();
  const endsAt = now + parts.settings.max;
  return {
    id: first.sessionId,
    userId,
    client,
    addressBucket,
    ...parts.refreshTokens.stateOf(first),
    rotatedAt: now,
    createdAt: now,
    endsAt,
    endedAt: null,
    ...useOf({ endsAt }, parts),
  };
}

/** Finds the sessions that a further one would make surplus: the oldest ones. They end in the same change. */
export function createSurplusEndings({ sessions, settings, clock }: OpeningParts) {
  /** @returns the events that end them */
  return async function surplusEndings(userId: string, caller: Caller): Promise<AuditEvent[]> {
    const now = clock();
    const surplus = await sessions.surplus(userId, now, settings.mostSessions - 1);
    return surplus.map(({ id: sessionId, clientId }) => {
      const about = { subject: userId, sessionId, ...(clientId !== null && { client: clientId }) };
      return eventOf("session.ended", now, caller, { ...about, reason: "limit" });
    });
  };
}
