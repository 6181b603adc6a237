import type { AccessToken, AccessTokens } from "./access-tokens.ts";
import { eventOf } from "./audit-events.ts";
import type { TokenCheck } from "./current-user.ts";
import { LatchkeyError } from "./errors.ts";
import type { Caller, Clock, IdentityProvider, Link, Session, Sessions, SteadyClock, User } from "./ports.ts";
import { type GraceSettings, mostRepeats, RefreshGrace } from "./refresh-grace.ts";
import type { RefreshToken, RefreshTokens } from "./refresh-tokens.ts";
import type { Revocations } from "./revocations.ts";
import { assertLive, type SessionSettings, useOf } from "./session-life.ts";
import type { Throttle } from "./throttle.ts";

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
  readonly settings: SessionSettings & { readonly grace: GraceSettings };
  readonly clock: Clock;
  readonly steady: SteadyClock;
}

export type Refresh = (grant: RefreshGrant, caller: Caller) => Promise<Refreshed>;

/**
 * Refreshing. A refresh token is used up by its first use: the session's current one is replaced by its
 * successor in one compare-and-set. A repeat of the last one within the grace gets the same successor, so two tabs
 * both stay signed in. Every repeat is audited and counted. A repeat that is too late or one too many, and any use of
 * an older token, is a replay and ends the session (RFC 9700 §4.14.2).
 *
 * The function it returns throws {LatchkeyError} `invalid_token`, `token_expired`, `token_revoked`,
 * `rate_limited`.
 */
export function createRefresh(parts: RefreshParts): Refresh {
  const { check, provider, throttle, sessions, revocations, refreshTokens, tokens, settings, clock, steady } =
    parts;
  const grace = new RefreshGrace(settings.grace, clock, steady);

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

    if (isCurrent(from, session)) {
      const use = useOf(session, parts);
      const about = { subject: user.id, sessionId: session.id, reason: "refresh_token" };
      const event = eventOf("token.refreshed", clock(), caller, about);
      const rotation = () => sessions.rotate(session.id, from, to, use, event);
      if (await grace.begin(session.id, to.generation, rotation)) return issue(use.tokensUntil);
      return overtaken(token, await sessionOf(session.id), user, caller);
    }
    if (isCurrent(to, session) && (await repeated(to, session, user, caller))) {
      return issue(tokens.expiry(session.tokensUntil));
    }
    if (session.generation <= from.generation) {
      throw new LatchkeyError("invalid_token", { reason: "generation from a future that was rolled back" });
    }
    await end(session, user, caller);
    throw new LatchkeyError("token_revoked", { reason: "replay" });
  }

  /** Counts a repeat of the last token. @returns false if it came too late, or too many came before */
  async function repeated(current: Link, session: Session, user: User, caller: Caller): Promise<boolean> {
    const reason = grace.admits(session, caller);
    if (reason === undefined) return false;
    const about = { subject: user.id, sessionId: session.id, reason };
    const event = eventOf("refresh.repeated", clock(), caller, about);
    return sessions.repeat(session.id, current, mostRepeats, event);
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

function isCurrent({ generation, refreshHash }: Link, session: Session): boolean {
  return session.generation === generation && session.refreshHash === refreshHash;
}
