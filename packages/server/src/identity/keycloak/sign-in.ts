import { type AuditReason, type AuditTrail, type Caller, eventOf } from "../../core/audit-events.ts";
import type { Clock } from "../../core/clock.ts";
import { LatchkeyError } from "../../core/errors.ts";
import type { TokenCheck } from "../../core/stories/current-user.ts";
import type { RealmSessions } from "../../core/stories/realm-sessions.ts";
import type { SignIn } from "../../core/stories/sign-in.ts";
import { addressBucket } from "../../core/throttle/addresses.ts";
import type { Admission, Throttle } from "../../core/throttle/throttle.ts";
import { sizeRefusal } from "../../core/tokens/token-size.ts";
import type { RealmAccount } from "./accounts.ts";
import { checkGrant } from "./grant-check.ts";
import type { PasswordCheck } from "./password-check.ts";
import { lifetimeOf, realmUser } from "./realm-tokens.ts";
import { refusedSignIn } from "./refusals.ts";
import type { SessionRecords } from "./session-records.ts";

export interface RealmSignInParts {
  readonly checkPassword: PasswordCheck;
  readonly accountOf: (username: string) => Promise<RealmAccount>;
  readonly throttle: Throttle;
  readonly check: TokenCheck;
  readonly sessions: RealmSessions;
  readonly records: SessionRecords;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/**
 * Signs a user in at a realm: does every limit admit the caller, does the realm accept the password, are its tokens
 * good. Then it records the session and passes the tokens on.
 *
 * The function it returns throws {LatchkeyError} `invalid_credentials`, `account_disabled`,
 * `account_setup_required`, `token_too_large`, `rate_limited`, `overloaded`, `provider_unavailable`.
 */
export function createRealmSignIn(parts: RealmSignInParts): SignIn {
  const { checkPassword, accountOf, throttle, check, sessions, records, audit, clock } = parts;

  return async function signIn(credentials, caller) {
    const account = await accountOf(credentials.username);

    await using admission = await throttle.admit({ operation: "login", caller, account });

    const answer = await checkPassword(account.key, credentials);
    if ("refused" in answer) throw await refused(admission, account, answer.refused, caller);
    const tooLarge = sizeRefusal(answer.accessToken);
    if (tooLarge) throw await recorded(tooLarge, "token_too_large", account, caller);
    const principal = await checkGrant(check, answer);

    const opening = { nameKey: account.nameKey, addressBucket: addressBucket(caller.address) };
    const session = records.recordOf(principal, answer, opening, clock());
    const about = { subject: principal.userId, sessionId: session.id };
    const opened = eventOf("login.succeeded", clock(), caller, about);
    if (!(await sessions.note(session, opened))) throw await refused(admission, account, "", caller);
    const { accessToken, refreshToken } = answer;
    return {
      accessToken,
      refreshToken,
      expiresIn: lifetimeOf(principal, clock()),
      user: realmUser(principal),
    };
  };

  /** Records a refused login and counts a wrong one. With a disabled account the password was right. */
  async function refused(
    admission: Admission,
    account: RealmAccount,
    description: string,
    caller: Caller,
  ): Promise<LatchkeyError> {
    const { code, reason } = refusedSignIn(description);
    const refusal = await recorded(new LatchkeyError(code, { reason }), reason, account, caller);
    return code === "invalid_credentials" ? await admission.failed(refusal) : refusal;
  }

  async function recorded(
    refusal: LatchkeyError,
    reason: AuditReason<"login.failed">,
    account: RealmAccount,
    caller: Caller,
  ): Promise<LatchkeyError> {
    await audit.record(eventOf("login.failed", clock(), caller, { subject: account.key, reason }));
    return refusal;
  }
}
