import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { isTokenRefusal, LatchkeyError } from "../errors.ts";
import type { RefreshTokens } from "../tokens/refresh-tokens.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { isMachine, type SessionPrincipal, type TokenCheck } from "./current-user.ts";
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
 *
 * All tokens of a machine have one `sid`. A revocation of one would end those of its other processes too, so it is
 * refused (RFC 7009 §2.2.1) instead of an answer that would not be true.
 *
 * The function it returns throws {LatchkeyError} `unsupported_token_type`, `store_unavailable`.
 */
export function createRevokeToken(parts: RevokeTokenParts): RevokeToken {
  const { checkAny, refreshTokens, sessions, revocations, clock } = parts;

  return async function revokeToken(token, clientId, caller) {
    const refreshed = refreshTokens.read(token);
    const principal = refreshed === undefined ? await principalOf(token) : undefined;
    if (principal !== undefined && isOwnToken(principal, clientId))
      throw new LatchkeyError("unsupported_token_type");
    const sessionId = refreshed?.sessionId ?? principal?.sessionId;
    if (sessionId === undefined) return;
    const session = await sessions.byId(sessionId);
    if (session?.client?.id !== clientId || !isLive(session, clock())) return;
    const about = { ...aboutSession(session), reason: "revoked" } as const;
    await sessions.end(sessionId, [eventOf("session.ended", clock(), caller, about)]);
    await revocations.poll();
  };

  /** The principal of a valid access token. */
  async function principalOf(token: string): Promise<SessionPrincipal | undefined> {
    try {
      return await checkAny(token);
    } catch (error) {
      if (isTokenRefusal(error)) return undefined;
      throw error;
    }
  }
}

/** Whether the client got the token for itself, as a machine. */
function isOwnToken({ userId, claims }: SessionPrincipal, clientId: string): boolean {
  return userId === clientId && isMachine({ userId, claims });
}
