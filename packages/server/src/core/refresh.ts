import type { AccessToken, AccessTokens } from "./access-tokens.ts";
import { eventOf } from "./audit-events.ts";
import type { TokenCheck } from "./current-user.ts";
import { LatchkeyError } from "./errors.ts";
import type { Caller, Clock, IdentityProvider, Link, Session, Sessions, SteadyClock, User } from "./ports.ts";
import { type GraceSettings, mostRepeats, RefreshGrace } from "./refresh-grace.ts";
import type { RefreshToken, RefreshTokens } from "./refresh-tokens.ts";
import type { Revocations } from "./revocations.ts";
import { assertLive, type SessionSettings, useOf } from "./session-life.ts";
import type { Attempt, Throttle } from "./throttle.ts";
import { assertClaimsFit } from "./token-size.ts";
import { createTrade, noTrade } from "./trade.ts";

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
    readonly grace: GraceSettings;
    /** Whether a live access token is traded for a new one. */
    readonly currentToken: boolean;
  };
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
 * A token proves itself by its seal or signature before anything is counted, so made-up tokens stop no real one.
 *
 * The function it returns throws {LatchkeyError} `validation_error`, `invalid_token`, `token_expired`, `token_revoked`,
 * `token_too_large`, `rate_limited`.
 */
export function createRefresh(parts: RefreshParts): Refresh {
  const { check, provider, throttle, sessions, revocations, refreshTokens, tokens, settings, clock, steady } =
    parts;
  const grace = new RefreshGrace(settings.grace, clock, steady);
  const trade = createTrade(parts);

  return async (grant, caller) => {
    if ("currentToken" in grant) {
      if (!settings.currentToken) throw noTrade("Send refresh_token: this server trades no access tokens");
      const sessionId = await sessionOf(grant.currentToken, caller);
      const { session, user } = await liveSession(sessionId, caller);
      return trade(session, user, caller);
    }
    const token = refreshTokens.read(grant.refreshToken);
    if (token === undefined) {
      const reason = "not a refresh token of ours, or sealed with another LATCHKEY_SECRET";
      return refuse(new LatchkeyError("invalid_token", { reason }), caller);
    }
    const { session, user } = await liveSession(token.sessionId, caller);
    return rotate(token, session, user, caller);
  };

  /** The session of an access token. Only a token that is not ours counts against the address. */
  async function sessionOf(accessToken: string, caller: Caller): Promise<string> {
    try {
      return (await check(accessToken)).sessionId;
    } catch (error) {
      if (error instanceof LatchkeyError && error.code === "invalid_token") return refuse(error, caller);
      throw error;
    }
  }

  /**
   * The session of a token that is ours, and its user. A live session is subject to no limit: its token was not guessed,
   * so nothing that others do at its address may stop it. A token of an ended session counts for its account.
   */
  async function liveSession(
    sessionId: string,
    caller: Caller,
  ): Promise<{ readonly session: Session; readonly user: User }> {
    const session = await sessions.byId(sessionId);
    try {
      assertKnown(session);
      assertLive(session, clock());
    } catch (error) {
      const userId = session?.userId;
      return refuse(error, caller, { key: userId ?? `unknown:${sessionId}`, userId });
    }
    const user = await provider.byId(session.userId);
    if (!user?.active) throw new LatchkeyError("token_revoked", { reason: "user is gone or disabled" });
    assertClaimsFit(user);
    return { session, user };
  }

  /** Refuses, and counts it: past a limit the caller is told to wait instead. */
  function refuse(refusal: unknown, caller: Caller, account?: Attempt["account"]): Promise<never> {
    const attempt = { operation: "refresh", caller, ...(account && { account }) } as const;
    return throttle.attempt(attempt, () => Promise.reject(refusal));
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
      return overtaken(token, session.id, user, caller);
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
  async function overtaken(
    token: RefreshToken,
    sessionId: string,
    user: User,
    caller: Caller,
  ): Promise<Refreshed> {
    const session = await sessions.byId(sessionId);
    assertKnown(session);
    assertLive(session, clock());
    return rotate(token, session, user, caller);
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

function assertKnown(session: Session | undefined): asserts session is Session {
  if (session === undefined) throw new LatchkeyError("token_revoked", { reason: "session is gone" });
}
