import { type Clocks, type Moment, momentOf, since } from "@latchkey/guard/clocks";
import { type Principal, TokenError, type Verifier } from "@latchkey/guard/verifier";
import { LatchkeyError } from "./errors.ts";
import type { User, UserById } from "./ports.ts";

/**
 * Checks an access token: at once where it was seen before, which is most of the time.
 *
 * @throws {LatchkeyError} with the code that says why it was refused
 */
export type TokenCheck = (token: string | undefined) => SignedIn | Promise<SignedIn>;

/** A principal of Latchkey's own: every token it issues belongs to a session. */
export interface SignedIn extends Principal {
  readonly sessionId: string;
}

/** The guard's check, with refusals from Latchkey's own table. */
export function createTokenCheck(guard: Verifier): TokenCheck {
  return (token) => {
    try {
      const known = token === undefined ? undefined : guard.recall(token);
      return known === undefined ? guard.verify(token).then(signedIn).catch(refuse) : signedIn(known);
    } catch (error) {
      return refuse(error);
    }
  };
}

/**
 * The principal of a token that Latchkey issued.
 *
 * @throws {TokenError} `invalid_token` where it belongs to no session
 */
export function signedIn(principal: Principal): SignedIn {
  if (hasSession(principal)) return principal;
  throw new TokenError("invalid_token", "claim sid");
}

function hasSession(principal: Principal): principal is SignedIn {
  return principal.sessionId !== undefined;
}

/** What a guard can say of a token whose revocations are in this process, and its keys here or at a realm. */
const codes = ["missing_token", "invalid_token", "token_expired", "token_revoked"] as const;

function refuse(error: unknown): never {
  if (!(error instanceof TokenError)) throw error;
  const { reason, retryAfter = 1 } = error;
  if (error.code === "keys_unavailable")
    throw new LatchkeyError("provider_unavailable", { reason, retryAfter });
  const code = codes.find((one) => one === error.code);
  throw code === undefined ? error : new LatchkeyError(code, { reason: error.reason });
}

/** How long a profile that was read answers for the next request, in milliseconds. */
const freshFor = 500;

/** Reads the user whom a token speaks for: at once where that was done a moment ago. */
export type UserOf = (principal: Principal) => User | Promise<User>;

/** The function it returns throws {LatchkeyError} `token_revoked` where the user is gone or disabled. */
export function createUserOf(users: UserById, clocks: Clocks, remembered = 10_000): UserOf {
  // Holds active users alone: somebody who was let in again is not turned away by what was true before.
  const recent = new Map<string, { user: User; readAt: Moment }>();

  return function userOf({ userId }) {
    const known = recent.get(userId);
    if (known !== undefined && since(known.readAt, clocks) < freshFor) return known.user;
    const readAt = momentOf(clocks);
    return users.byId(userId).then((user) => {
      if (!user?.active) throw new LatchkeyError("token_revoked", { reason: "user is gone or disabled" });
      if (recent.size >= remembered) recent.clear();
      recent.set(userId, { user, readAt });
      return user;
    });
  };
}

/** At once where token and user were seen a moment ago. */
export type CurrentUser = (token: string | undefined) => User | Promise<User>;

/**
 * Who is signed in: the token is checked, the user is read.
 *
 * The function it returns throws {LatchkeyError} `missing_token`, `invalid_token`, `token_expired`,
 * `token_revoked`.
 */
export function createCurrentUser(check: TokenCheck, userOf: UserOf): CurrentUser {
  return function currentUser(token) {
    const principal = check(token);
    return principal instanceof Promise ? principal.then(userOf) : userOf(principal);
  };
}
