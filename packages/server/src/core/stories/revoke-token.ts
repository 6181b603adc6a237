import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { isTokenRefusal } from "../errors.ts";
import type { RefreshTokens } from "../tokens/refresh-tokens.ts";
import type { Revocations } from "../tokens/revocations.ts";
import type { TokenCheck } from "./current-user.ts";
import { aboutSession, isLive } from "./session-life.ts";
import type { Sessions } from "./sessions.ts";

export interface RevokeTokenParts {
  /** Checks an access token for any resource of this issuer. */
  readonly checkAny: TokenCheck;
  readonly refreshTokens: Pick<RefreshTokens, "read">;
  readonly sessions: Pick<Sessions, "byId" | "end">;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
}

/** @param clientId a client that proved that it is itself, as far as it can */
export type RevokeToken = (token: string, clientId: string, caller: Caller) => Promise<void>;

/**
 * Revokes a token of a client (RFC 7009): a refresh token of any generation or an access token ends its session. A
 * token that is unknown, has expired or belongs to another client is left as it is, without an error (RFC 7009 §2.2).
 */
export function createRevokeToken(parts: RevokeTokenParts): RevokeToken {
  const { checkAny, refreshTokens, sessions, revocations, clock } = parts;

  return async function revokeToken(token, clientId, caller) {
    const sessionId = refreshTokens.read(token)?.sessionId ?? (await sessionOf(token));
    if (sessionId === undefined) return;
    const session = await sessions.byId(sessionId);
    if (session?.client?.id !== clientId || !isLive(session, clock())) return;
    const about = { ...aboutSession(session), reason: "revoked" } as const;
    await sessions.end(sessionId, [eventOf("session.ended", clock(), caller, about)]);
    await revocations.poll();
  };

  /** The session of a valid access token. */
  async function sessionOf(token: string): Promise<string | undefined> {
    try {
      return (await checkAny(token)).sessionId;
    } catch (error) {
      if (isTokenRefusal(error)) return undefined;
      throw error;
    }
  }
}
