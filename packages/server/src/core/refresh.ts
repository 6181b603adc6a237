import type { AccessToken, AccessTokens } from "./access-tokens.ts";
import { eventOf } from "./audit-events.ts";
import type { TokenCheck } from "./current-user.ts";
import { LatchkeyError } from "./errors.ts";
import type { Caller, Clock, IdentityProvider, Session, Sessions, User } from "./ports.ts";
import type { RefreshToken, RefreshTokens } from "./refresh-tokens.ts";
import type { Revocations } from "./revocations.ts";
import { assertLive, type SessionSettings, useOf } from "./session-life.ts";
import type { Throttle } from "./throttle.ts";
import { assertClaimsFit } from "./token-size.ts";

/** One of the two ways to go on without a password. */
export type RefreshGrant =
  | { readonly refreshToken: string }
  /** A live access token, traded for a new one of the same session. */
  | { readonly currentToken: string };

export interface Refreshed extends AccessToken {
  /** The successor; absent where an access token was traded. */
  readonly refreshToken?: string;
}

export interface RefreshParts {
  readonly check: TokenCheck;
  readonly provider: Pick<IdentityProvider, "byId">;
  readonly throttle: Throttle;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly refreshTokens: RefreshTokens;
  readonly tokens: AccessTokens;
  readonly settings: SessionSettings & {
    /** For so long a repeated refresh token gets the same successor, in milliseconds. */
    readonly grace: number;
  };
  readonly clock: Clock;
}

export type Refresh = (grant: RefreshGrant, caller: Caller) => Promise<Refreshed>;

/**
 * Refreshing. A refresh token is used up by its first use: the session's current one is replaced by its
 * successor in one compare-and-set. Whoever repeats the last one within the grace gets the same successor,
 * so two tabs both stay signed in. Any older use is a replay and ends the session (RFC 9700 §4.14.2).
 *
 * The function it returns throws {LatchkeyError} `invalid_token`, `token_expired`, `token_revoked`,
 * `token_too_large`, `rate_limited`.
 */
export function createRefresh(parts: RefreshParts): Refresh {
  const { check, provider, throttle, sessions, revocations, refreshTokens, tokens, settings, clock } = parts;

  return (grant, caller) =>
    throttle.attempt({ operation: "refresh", caller }, async () => {
      if ("currentToken" in grant) {
        const { sessionId } = await check(grant.currentToken);
        return forAccount(await sessionOf(sessionId), caller, (session, user) =>
          trade(session, user, caller),
        );
      }
      const token = refreshTokens.read(grant.refreshToken);
      if (token === undefined)
        throw new LatchkeyError("invalid_token", { reason: "not a refresh token of ours" });
      return forAccount(await sessionOf(token.sessionId), caller, (session, user) =>
        rotate(token, session, user, caller),
      );
    });

  async function sessionOf(sessionId: string): Promise<Session> {
    const session = await sessions.byId(sessionId);
    if (session === undefined) throw new LatchkeyError("token_revoked", { reason: "session is gone" });
    return session;
  }

  function forAccount(
    session: Session,
    caller: Caller,
    work: (session: Session, user: User) => Promise<Refreshed>,
  ): Promise<Refreshed> {
    const vouched = session.endedAt === null && session.expiresAt > clock();
    const account = { key: session.userId, userId: session.userId, vouched };
    return throttle.attempt({ operation: "refresh", caller, account }, async () => {
      assertLive(session, clock());
      const user = await provider.byId(session.userId);
      if (!user?.active) throw new LatchkeyError("token_revoked", { reason: "user is gone or disabled" });
      assertClaimsFit(user);
      return work(session, user);
    });
  }

  async function rotate(
    token: RefreshToken,
    session: Session,
    user: User,
    caller: Caller,
  ): Promise<Refreshed> {
    const successor = refreshTokens.successor(token);
    const from = refreshTokens.link(token);
    const to = refreshTokens.link(successor);
    const issue = (tokensUntil: number): Refreshed => ({
      ...tokens.issue(user, session.id, tokensUntil),
      refreshToken: refreshTokens.write(successor),
    });

    if (session.generation === from.generation && session.refreshHash === from.refreshHash) {
      const use = useOf(session, parts);
      const about = { subject: user.id, sessionId: session.id, reason: "refresh_token" };
      const event = eventOf("token.refreshed", clock(), caller, about);
      if (await sessions.rotate(session.id, from, to, use, event)) return issue(use.tokensUntil);
      return overtaken(token, await sessionOf(session.id), user, caller);
    }
    if (session.generation === to.generation && session.refreshHash === to.refreshHash) {
      if (clock() - session.rotatedAt <= settings.grace) {
        return issue(tokens.expiry(session.tokensUntil));
      }
    }
    if (session.generation <= from.generation) {
      throw new LatchkeyError("invalid_token", { reason: "generation from a future that was rolled back" });
    }
    await end(session, user, caller);
    throw new LatchkeyError("token_revoked", { reason: "replay" });
  }

  /** Another refresh or a logout came between the look and the compare-and-set: look once more. */
  function overtaken(token: RefreshToken, session: Session, user: User, caller: Caller): Promise<Refreshed> {
    assertLive(session, clock());
    return rotate(token, session, user, caller);
  }

  async function trade(session: Session, user: User, caller: Caller): Promise<Refreshed> {
    const use = useOf(session, parts);
    const about = { subject: user.id, sessionId: session.id, reason: "current_token" };
    const event = eventOf("token.refreshed", clock(), caller, about);
    if (await sessions.touch(session.id, use, event)) return tokens.issue(user, session.id, use.tokensUntil);
    throw new LatchkeyError("token_revoked", { reason: "ended meanwhile" });
  }

  async function end(session: Session, user: User, caller: Caller): Promise<void> {
    const about = { subject: user.id, sessionId: session.id };
    await sessions.end(session.id, [
      eventOf("refresh.replayed", clock(), caller, about),
      eventOf("session.ended", clock(), caller, { ...about, reason: "replay" }),
    ]);
    await revocations.follow();
  }
}
