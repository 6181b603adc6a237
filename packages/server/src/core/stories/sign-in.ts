import { type AuditReason, type AuditTrail, type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { LatchkeyError } from "../errors.ts";
import type { ArrivalOf } from "../mail/arrivals.ts";
import type { NameKeys } from "../passwords/account-names.ts";
import type { User } from "../people/users.ts";
import { addressBucket } from "../throttle/addresses.ts";
import type { Throttle } from "../throttle/throttle.ts";
import type { AccessToken, AccessTokens } from "../tokens/access-tokens.ts";
import type { RefreshTokens } from "../tokens/refresh-tokens.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { claimsRefusal } from "../tokens/token-size.ts";
import { createSurplusEndings, newSession, type OpeningSettings } from "./session-opening.ts";
import type { Sessions } from "./sessions.ts";

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
 * for the log and the audit trail alone. `unusable_hash`: the stored hash cannot be checked.
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

/** A person with the right password. Their attempt is under way until the disposal. */
export interface Authenticated extends AsyncDisposable {
  readonly user: User;
  /** The user's revision that the password was checked with. */
  readonly revision: number;
  /** Records that the user was changed meanwhile. @returns the refusal to throw */
  changedMeanwhile(): Promise<LatchkeyError>;
}

export interface AuthenticateParts {
  /** The refusal of a wrong login. Default: `invalid_credentials`. */
  readonly refusal?: "invalid_credentials" | "wrong_password";
  readonly accounts: Accounts;
  readonly throttle: Throttle;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** @param clientId the OAuth client that the person signs in for, if any */
export type Authenticate = (
  credentials: Credentials,
  caller: Caller,
  clientId?: string,
) => Promise<Authenticated>;

/**
 * Checks the password of a person: is there room for a hash, does every limit admit the caller, is the password right.
 *
 * Every wrong login gets the same `invalid_credentials` after the same work. Only the audit trail has the reason.
 * The function it returns throws {LatchkeyError} `invalid_credentials`, `token_too_large`, `rate_limited`,
 * `overloaded`, `client_gone`.
 */
export function createAuthenticate(parts: AuthenticateParts): Authenticate {
  const { refusal: code = "invalid_credentials", accounts, throttle, audit, clock } = parts;
  return async function authenticate({ username, password }, caller, clientId) {
    const client = clientId === undefined ? {} : { client: clientId };
    const name = accounts.nameOf(username);
    accounts.assertRoom(name, caller);
    const account = await accounts.find(name);
    await using attempt = new AsyncDisposableStack();
    const admission = attempt.use(await throttle.admit({ operation: "login", caller, account, ...client }));

    const verdict = await account.checkPassword(password, caller);
    if (!verdict.ok) throw await admission.failed(await refused(verdict.reason));
    const { user, revision } = verdict;
    const tooLarge = claimsRefusal(user, null);
    if (tooLarge) throw await refused("token_too_large", tooLarge);

    const underWay = attempt.move();
    return {
      user,
      revision,
      changedMeanwhile: async () => admission.failed(await refused("changed meanwhile")),
      [Symbol.asyncDispose]: () => underWay.disposeAsync(),
    };

    /** Records a refused login. @returns its refusal, with the reason for the log alone */
    async function refused(
      reason: AuditReason<"login.failed">,
      refusal = new LatchkeyError(code, { reason }),
    ): Promise<LatchkeyError> {
      const about = { subject: account.key, reason, ...client };
      await audit.record(eventOf("login.failed", clock(), caller, about));
      return refusal;
    }
  };
}

export interface SignInParts extends AuthenticateParts {
  readonly sessions: Sessions;
  readonly refreshTokens: RefreshTokens;
  readonly tokens: AccessTokens;
  readonly revocations: Pick<Revocations, "poll">;
  readonly settings: OpeningSettings;
  /** Undefined if no mails are sent. */
  readonly arrivalOf?: ArrivalOf | undefined;
}

export type SignIn = (credentials: Credentials, caller: Caller) => Promise<SignedIn>;

/**
 * Signs a user in: checks the password, opens a session and issues its tokens.
 *
 * The function it returns throws {LatchkeyError} `invalid_credentials`, `token_too_large`, `rate_limited`,
 * `overloaded`, `client_gone`.
 */
export function createSignIn(parts: SignInParts): SignIn {
  const { sessions, revocations, refreshTokens, tokens, clock } = parts;
  const authenticate = createAuthenticate(parts);
  const surplusEndings = createSurplusEndings(parts);

  return async function signIn(credentials, caller) {
    await using person = await authenticate(credentials, caller);
    const { user, revision } = person;

    const refreshToken = refreshTokens.first();
    const openedBy = { userId: user.id, client: null, addressBucket: addressBucket(caller.address) };
    const session = newSession(refreshToken, openedBy, parts);
    const signedIn = {
      ...tokens.issue(user, session, session.tokensUntil),
      refreshToken: refreshTokens.write(refreshToken),
      user,
    };
    const about = { subject: user.id, sessionId: session.id };
    const opening = eventOf("login.succeeded", clock(), caller, about);
    const surplus = await surplusEndings(user.id, caller);
    const arrival = await parts.arrivalOf?.(user, caller);
    if (!(await sessions.open(session, revision, opening, surplus, arrival)))
      throw await person.changedMeanwhile();
    if (surplus.length > 0) await revocations.poll();
    return signedIn;
  };
}
