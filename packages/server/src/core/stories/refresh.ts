import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock, SteadyClock } from "../clock.ts";
import { isTokenRefusal, LatchkeyError, storeUnavailable } from "../errors.ts";
import { grantedResource, grantedScope } from "../oauth/granted-resource.ts";
import type { Resources } from "../oauth/resources.ts";
import type { User } from "../people/users.ts";
import type { Attempt, Throttle } from "../throttle/throttle.ts";
import type { AccessToken, AccessTokens } from "../tokens/access-tokens.ts";
import type { RefreshTokens } from "../tokens/refresh-tokens.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { claimsRefusal } from "../tokens/token-size.ts";
import type { TokenCheck, UserById } from "./current-user.ts";
import { mostRepeats, RefreshGrace, type SessionGraceSettings } from "./refresh-grace.ts";
import { aboutSession, isLive, notLive, type SessionLife, useOf } from "./session-life.ts";
import type { RefreshTokenState, Session, Sessions } from "./sessions.ts";
import { createTrade, noTrade } from "./trade.ts";

/** The two grants that continue a session without a password. */
export type RefreshGrant =
  | { readonly refreshToken: string }
  /** A live access token, traded for a new one of the same session. */
  | { readonly currentToken: string };

/** The OAuth client that continues its session, with its other parameters (RFC 6749 §6, RFC 8707 §2.2). */
export interface RefreshingClient {
  /** The client proved that it is itself, as far as it can. */
  readonly clientId: string;
  /** A narrower scope, for the new access token alone. */
  readonly scope?: string | undefined;
  /** The resource of the session. */
  readonly resource?: string | undefined;
}

export interface Refreshed extends AccessToken {
  /** The successor; absent if an access token was traded. */
  readonly refreshToken?: string;
  /** The scope of the access token. Absent for a person's own login. */
  readonly scope?: string;
}

/**
 * Asks the identity provider whether the person of a session may go on. Its refusal ends the session.
 *
 * @returns the person, with today's roles
 * @throws {LatchkeyError} `token_revoked`, `provider_unavailable`, `overloaded`, `store_unavailable`
 */
export type Renew = (session: Session, caller: Caller) => Promise<User>;

export interface RefreshParts {
  readonly check: TokenCheck;
  readonly users: UserById;
  /** Default: the user is read, and must be active. */
  readonly renew?: Renew;
  readonly throttle: Throttle;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly resources: Resources;
  readonly refreshTokens: RefreshTokens;
  readonly tokens: AccessTokens;
  readonly settings: SessionLife & {
    readonly grace: SessionGraceSettings;
    /** Whether a live access token is traded for a new one. */
    readonly currentToken: boolean;
  };
  readonly clock: Clock;
  readonly steady: SteadyClock;
}

/** Attempts of one refresh to rotate its session, at most. */
const mostRotations = 3;

/** @param by the client of the session. Undefined continues a person's own login alone. */
export type Refresh = (grant: RefreshGrant, caller: Caller, by?: RefreshingClient) => Promise<Refreshed>;

/**
 * Refreshes a session. The first use of a refresh token replaces it by its successor, in one compare-and-set. A repeat
 * of the last token within the grace gets the same successor, so two tabs both stay signed in. Every repeat is audited
 * and counted. A repeat that is too late or one too many is a replay, and so is any use of an older token. A replay
 * ends the session (RFC 9700 §4.14.2).
 *
 * The seal or signature of a token is checked before anything is counted, so forged tokens stop no genuine one.
 *
 * A client continues its own sessions alone, and a person's own login no client: the session of another is refused as
 * an unknown one.
 *
 * The function it returns throws {LatchkeyError} `validation_error`, `invalid_token`, `token_expired`, `token_revoked`,
 * `token_too_large`, `rate_limited`, `store_unavailable`; for a client `invalid_grant` instead of the refusals of a
 * token, `invalid_target`, `invalid_scope`.
 */
export function createRefresh(parts: RefreshParts): Refresh {
  const { check, users, renew, throttle, sessions, revocations, resources, refreshTokens, tokens } = parts;
  const { settings, clock, steady } = parts;
  const grace = new RefreshGrace(settings.grace, clock, steady);
  const trade = createTrade(parts);

  return async function refresh(grant, caller, by) {
    if (by === undefined) return continued(grant, caller);
    try {
      return await continued(grant, caller, by);
    } catch (error) {
      if (!isTokenRefusal(error)) throw error;
      throw new LatchkeyError("invalid_grant", { reason: error.reason ?? error.code, cause: error });
    }
  };

  async function continued(grant: RefreshGrant, caller: Caller, by?: RefreshingClient): ReturnType<Refresh> {
    if ("currentToken" in grant) {
      if (!settings.currentToken || by !== undefined)
        throw noTrade("Send refresh_token: this server trades no access tokens");
      const session = await liveSession(await sessionOf(grant.currentToken, caller), caller);
      return trade(session, await activeUser(session, caller), caller);
    }

    const token = refreshTokens.read(grant.refreshToken);
    if (token === undefined) {
      const reason = "not a refresh token of this server, or sealed with another LATCHKEY_SECRET";
      throw await counted(new LatchkeyError("invalid_token", { reason }), caller, { client: by?.clientId });
    }
    let session = await liveSession(token.sessionId, caller, by);
    const presented = refreshTokens.stateOf(token);
    const successors = refreshTokens.successors(token);
    const [{ state: next }] = successors;
    // Another replica may have made the successor with another secret first.
    const successorIn = (now: Session) => successors.find(({ state }) => isCurrent(state, now));
    const mayBeRepeat = successorIn(session) !== undefined && grace.admits(session, caller) !== undefined;
    // A replay ends the session whatever else the request asks for, and also while the identity provider is away.
    if (!isCurrent(presented, session) && !mayBeRepeat) throw await outdated(presented, session, caller);
    const scope = await scopeOf(session, by);
    const user = await activeUser(session, caller);
    const refreshed = (tokensUntil: number, { text: refreshToken } = successors[0]): Refreshed => ({
      ...tokens.issue(user, session, tokensUntil, scope.scope),
      refreshToken,
      ...scope,
    });

    // A lost compare-and-set means that another refresh, a logout or the end of the session came first. The next read
    // shows which one, so a second rotation is rare. Only a database that is rolled back meanwhile reaches the bound.
    for (let rotations = 0; isCurrent(presented, session); rotations++) {
      if (rotations === mostRotations) {
        throw storeUnavailable(`the current token could not be rotated, ${mostRotations} times`);
      }
      const use = useOf(session, parts);
      const reason = "refresh_token";
      const event = eventOf("token.refreshed", clock(), caller, { ...aboutSession(session), reason });
      const rotation = sessions.rotate(session.id, presented, next, use, event);
      if (await grace.note(session.id, next.generation, rotation)) return refreshed(use.tokensUntil);
      const seen = await sessions.byId(session.id);
      if (!isLive(seen, clock())) throw notLive(seen);
      session = seen;
    }

    const made = successorIn(session);
    if (made !== undefined && (await isRepeat(made.state, session, caller))) {
      return refreshed(tokens.expiry(session.tokensUntil), made);
    }
    throw await outdated(presented, session, caller);
  }

  /** The scope of a client's new token. Empty for a person's own login. */
  async function scopeOf({ client }: Session, by?: RefreshingClient): Promise<{ readonly scope?: string }> {
    if (client === null) return {};
    const resource = await grantedResource(by?.resource, client, resources);
    return { scope: grantedScope(by?.scope, client, resource) };
  }

  /** The session of an access token. A forged token counts against the address, an expired one does not. */
  async function sessionOf(accessToken: string, caller: Caller): Promise<string> {
    try {
      return (await check(accessToken)).sessionId;
    } catch (error) {
      const isForged = error instanceof LatchkeyError && error.code === "invalid_token";
      throw isForged ? await counted(error, caller) : error;
    }
  }

  /**
   * The session of a genuine token. No limit applies to a live session: its token was not guessed, so other callers at
   * its address must not stop it. A token of an ended session counts for its account. The session of another client
   * is refused as one that is gone: neither the answer nor the limits tell that it exists.
   */
  async function liveSession(sessionId: string, caller: Caller, by?: RefreshingClient): Promise<Session> {
    const found = await sessions.byId(sessionId);
    const session = found?.client?.id === by?.clientId ? found : undefined;
    if (isLive(session, clock())) return session;
    const userId = session?.userId;
    const account = { key: userId ?? `unknown:${sessionId}`, userId };
    throw await counted(notLive(session), caller, { account, client: by?.clientId });
  }

  async function activeUser(session: Session, caller: Caller): Promise<User> {
    const user = await (renew === undefined ? users.byId(session.userId) : renew(session, caller));
    if (!user?.active) throw new LatchkeyError("token_revoked", { reason: "user is gone or disabled" });
    const tooLarge = claimsRefusal(user, session.client);
    if (tooLarge) throw tooLarge;
    return user;
  }

  /** Counts a refused token. @returns the refusal to throw: `rate_limited` past a limit */
  async function counted(
    refusal: LatchkeyError,
    caller: Caller,
    { account, client }: { account?: Attempt["account"]; client?: string | undefined } = {},
  ): Promise<LatchkeyError> {
    await using admission = await throttle.admit({
      operation: "refresh",
      caller,
      ...(account && { account }),
      ...(client !== undefined && { client }),
    });
    return await admission.failed(refusal);
  }

  /** Counts a repeat of the last token. @returns false if it came too late, or too many came before */
  async function isRepeat(current: RefreshTokenState, session: Session, caller: Caller): Promise<boolean> {
    const reason = grace.admits(session, caller);
    if (reason === undefined) return false;
    const event = eventOf("refresh.repeated", clock(), caller, { ...aboutSession(session), reason });
    return sessions.repeat(session.id, current, mostRepeats, event);
  }

  /** Ends the session of a replayed token. @returns the refusal to throw */
  async function outdated(
    presented: RefreshTokenState,
    session: Session,
    caller: Caller,
  ): Promise<LatchkeyError> {
    if (session.generation <= presented.generation) {
      const reason = "generation newer than the database, which was rolled back";
      return new LatchkeyError("invalid_token", { reason });
    }
    await endReplayed(session, caller);
    return new LatchkeyError("token_revoked", { reason: "replay" });
  }

  async function endReplayed(session: Session, caller: Caller): Promise<void> {
    await sessions.end(session.id, [
      eventOf("refresh.replayed", clock(), caller, aboutSession(session)),
      eventOf("session.ended", clock(), caller, { ...aboutSession(session), reason: "replay" }),
    ]);
    await revocations.poll();
  }
}

function isCurrent({ generation, refreshHash }: RefreshTokenState, session: Session): boolean {
  return session.generation === generation && session.refreshHash === refreshHash;
}
