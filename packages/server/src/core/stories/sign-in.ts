import { type AuditEvent, type AuditReason, type AuditTrail, type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { NameKeys } from "../passwords/account-names.ts";
import { addressBucket } from "../throttle/addresses.ts";
import type { Throttle } from "../throttle/throttle.ts";
import type { AccessToken, AccessTokens } from "../tokens/access-tokens.ts";
import type { RefreshToken, RefreshTokens } from "../tokens/refresh-tokens.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { claimsRefusal } from "../tokens/token-size.ts";
import { type SessionLife, useOf } from "./session-life.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { User } from "./users.ts";

export interface Credentials {
  /** User name or e-mail address. */
  readonly username: string;
  readonly password: string;
}

/** A typed name, before its account is looked up. */
export interface AccountName extends NameKeys {
  /** Keyed fingerprint of the canonical spelling. The audit trail names an unknown account by it. */
  readonly fingerprint: string;
}

/** The account behind a name, whether a user holds it or not. Two spellings of one account have the same key. */
export interface Account {
  readonly key: string;
  /** Undefined for an unknown account. */
  readonly userId: string | undefined;
  /**
   * Checks a password. Does the same work whether the account exists, is active, or neither.
   *
   * @throws {LatchkeyError} `overloaded` if too many passwords wait to be checked, `client_gone`
   */
  checkPassword(password: string, caller: Caller): Promise<Verdict>;
}

/**
 * Whether the password was right. `revision` is the one of the user that was checked. The reason of a wrong password is
 * for the log and the audit trail alone. `unusable_hash`: the stored hash is not argon2.
 */
export type Verdict =
  | { readonly ok: true; readonly user: User; readonly revision: number }
  | { readonly ok: false; readonly reason: "unknown_user" | "wrong_password" | "inactive" | "unusable_hash" };

/** The accounts that sign in with a password. */
export interface Accounts {
  /** Brings a typed name into its canonical spelling. Reads nothing. */
  nameOf(username: string): AccountName;
  /** @throws {LatchkeyError} `overloaded` if the hash queue is full for this account */
  assertRoom(name: AccountName, caller: Caller): void;
  find(name: AccountName): Promise<Account>;
}

export interface SignedIn extends AccessToken {
  readonly refreshToken: string;
  readonly user: User;
}

export interface SignInParts {
  readonly accounts: Accounts;
  readonly throttle: Throttle;
  readonly sessions: Sessions;
  readonly refreshTokens: RefreshTokens;
  readonly tokens: AccessTokens;
  readonly audit: AuditTrail;
  readonly revocations: Pick<Revocations, "poll">;
  readonly settings: SessionLife & {
    /** Live sessions of one user, at most. */
    readonly mostSessions: number;
  };
  readonly clock: Clock;
}

export type SignIn = (credentials: Credentials, caller: Caller) => Promise<SignedIn>;

/**
 * Signs a user in: is there room for a hash, does every limit admit the caller, is the password right. Then it opens a
 * session and issues its tokens.
 *
 * Every wrong login gets the same `invalid_credentials` after the same work. Only the audit trail has the reason.
 * The function it returns throws {LatchkeyError} `invalid_credentials`, `token_too_large`, `rate_limited`,
 * `overloaded`, `client_gone`.
 */
export function createSignIn(parts: SignInParts): SignIn {
  const { accounts, throttle, sessions, revocations, refreshTokens, tokens, audit, settings, clock } = parts;

  return async function signIn({ username, password }, caller) {
    const name = accounts.nameOf(username);
    accounts.assertRoom(name, caller);
    const account = await accounts.find(name);
    await using admission = await throttle.admit({ operation: "login", caller, account });

    const verdict = await account.checkPassword(password, caller);
    if (!verdict.ok) throw await admission.failed(await refused(account, verdict.reason, caller));
    const { user, revision } = verdict;
    const tooLarge = claimsRefusal(user);
    if (tooLarge) throw await refused(account, "token_too_large", caller, tooLarge);

    const refreshToken = refreshTokens.first();
    const session = newSession(refreshToken, user, caller);
    const signedIn = {
      ...tokens.issue(user, session, session.tokensUntil),
      refreshToken: refreshTokens.write(refreshToken),
      user,
    };
    const about = { subject: user.id, sessionId: session.id };
    const opening = eventOf("login.succeeded", clock(), caller, about);
    const surplus = await surplusEndings(user, caller);
    if (!(await sessions.open(session, revision, opening, surplus))) {
      throw await admission.failed(await refused(account, "changed meanwhile", caller));
    }
    if (surplus.length > 0) await revocations.poll();
    return signedIn;
  };

  /** The events that end the user's surplus sessions: the oldest ones, in the same change as the login. */
  async function surplusEndings(user: User, caller: Caller): Promise<AuditEvent[]> {
    const now = clock();
    const surplus = await sessions.surplus(user.id, now, settings.mostSessions - 1);
    return surplus.map((sessionId) =>
      eventOf("session.ended", now, caller, { subject: user.id, sessionId, reason: "limit" }),
    );
  }

  /** Records a refused login. @returns its refusal, with the reason for the log alone */
  async function refused(
    account: Account,
    reason: AuditReason<"login.failed">,
    caller: Caller,
    refusal = new LatchkeyError("invalid_credentials", { reason }),
  ): Promise<LatchkeyError> {
    await audit.record(eventOf("login.failed", clock(), caller, { subject: account.key, reason }));
    return refusal;
  }

  function newSession(first: RefreshToken, user: User, caller: Caller): Session {
    const now = clock();
    const endsAt = now + settings.max;
    return {
      id: first.sessionId,
      userId: user.id,
      client: null,
      ...refreshTokens.stateOf(first),
      rotatedAt: now,
      createdAt: now,
      endsAt,
      endedAt: null,
      addressBucket: addressBucket(caller.address),
      ...useOf({ endsAt }, parts),
    };
  }
}
