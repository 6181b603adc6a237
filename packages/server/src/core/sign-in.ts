import type { AccessToken, AccessTokens } from "./access-tokens.ts";
import { addressBucket } from "./address-bucket.ts";
import { type AuditEvent, eventOf } from "./audit-events.ts";
import { LatchkeyError } from "./errors.ts";
import type {
  Account,
  AuditTrail,
  Caller,
  Clock,
  IdentityProvider,
  Session,
  Sessions,
  User,
} from "./ports.ts";
import { RefreshTokens } from "./refresh-tokens.ts";
import type { Revocations } from "./revocations.ts";
import { type SessionSettings, useOf } from "./session-life.ts";
import type { Throttle } from "./throttle.ts";
import { assertClaimsFit } from "./token-size.ts";

export interface Credentials {
  /** User name or e-mail address. */
  readonly username: string;
  readonly password: string;
}

export interface SignedIn extends AccessToken {
  readonly refreshToken: string;
  readonly user: User;
}

export interface SignInParts {
  readonly provider: IdentityProvider;
  readonly throttle: Throttle;
  readonly sessions: Sessions;
  readonly refreshTokens: RefreshTokens;
  readonly tokens: AccessTokens;
  readonly audit: AuditTrail;
  readonly revocations: Pick<Revocations, "follow">;
  readonly settings: SessionSettings & {
    /** Live sessions of one user at most. */
    readonly mostSessions: number;
  };
  readonly clock: Clock;
}

export type SignIn = (credentials: Credentials, caller: Caller) => Promise<SignedIn>;

/**
 * Signing in: may this caller try, is the password right, open a session, issue its tokens.
 *
 * Every no is the same `invalid_credentials` after the same work; only the audit trail knows which it was.
 * The function it returns throws {LatchkeyError} `invalid_credentials`, `token_too_large`, `rate_limited`,
 * `overloaded`.
 */
export function createSignIn(parts: SignInParts): SignIn {
  const { provider, throttle, sessions, revocations, refreshTokens, tokens, audit, settings, clock } = parts;

  return async function signIn({ username, password }, caller) {
    const account = await provider.find(username, caller);
    const tried = { key: account.key, userId: account.holder?.id };

    return throttle.attempt({ operation: "login", caller, account: tried }, async () => {
      const verdict = await provider.authenticate(account, password, caller);
      if (!verdict.ok) return refuse(account, verdict.reason, caller);

      await assertFits(account, verdict.user, caller);
      const first = refreshTokens.first(RefreshTokens.newSessionId());
      const session = newSession(
        first.sessionId,
        refreshTokens.link(first).refreshHash,
        verdict.user,
        caller,
      );
      const signedIn = {
        ...tokens.issue(verdict.user, session.id, session.tokensUntil),
        refreshToken: refreshTokens.write(first),
        user: verdict.user,
      };
      const about = { subject: verdict.user.id, sessionId: session.id };
      const opened = eventOf("login.succeeded", clock(), caller, about);
      const instead = await endInstead(verdict.user, caller);
      if (await sessions.open(session, verdict.revision, opened, instead)) {
        if (instead.length > 0) await revocations.follow();
        return signedIn;
      }
      return refuse(account, "changed meanwhile", caller);
    });
  };

  /** Events of the oldest sessions that end because the user has too many. */
  async function endInstead(user: User, caller: Caller): Promise<AuditEvent[]> {
    const now = clock();
    const surplus = await sessions.surplus(user.id, now, settings.mostSessions - 1);
    const about = { subject: user.id, reason: "limit" };
    return surplus.map((sessionId) => eventOf("session.ended", now, caller, { ...about, sessionId }));
  }

  async function refuse(account: Account, reason: string, caller: Caller): Promise<never> {
    await audit.record(eventOf("login.failed", clock(), caller, { subject: account.key, reason }));
    throw new LatchkeyError("invalid_credentials", { reason });
  }

  async function assertFits(account: Account, user: User, caller: Caller): Promise<void> {
    try {
      assertClaimsFit(user);
    } catch (error) {
      const about = { subject: account.key, reason: "token_too_large" };
      await audit.record(eventOf("login.failed", clock(), caller, about));
      throw error;
    }
  }

  function newSession(id: string, refreshHash: string, user: User, caller: Caller): Session {
    const now = clock();
    const endsAt = now + settings.max;
    return {
      id,
      userId: user.id,
      generation: 0,
      refreshHash,
      rotatedAt: now,
      createdAt: now,
      endsAt,
      endedAt: null,
      addressBucket: addressBucket(caller.address),
      ...useOf({ endsAt }, parts),
    };
  }
}
