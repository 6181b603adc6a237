import { type Clocks, type Moment, momentOf, since } from "@latchkey/guard/clocks";
import { type Principal, TokenError, type Verifier } from "@latchkey/guard/verifier";
import { LatchkeyError } from "../errors.ts";
import type { User } from "../people/users.ts";
import { ownClientId } from "../tokens/access-tokens.ts";

/**
 * Checks an access token.
 *
 * @throws {LatchkeyError} with the code of the refusal
 */
export type TokenCheck = (token: string | undefined) => Promise<SessionPrincipal>;

/** The principal of a token that Latchkey issued. Each such token belongs to a session. */
export interface SessionPrincipal extends Principal {
  readonly sessionId: string;
}

/** The guard's check, with refusals from Latchkey's own table. */
export function createTokenCheck(guard: Verifier): TokenCheck {
  return async (token) => {
    try {
      const known = token === undefined ? undefined : guard.recall(token);
      return sessionPrincipal(known ?? (await guard.verify(token)));
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

/**
 * The principal of a token that Latchkey issued.
 *
 * @throws {TokenError} `invalid_token` if it has no session
 */
export function sessionPrincipal(principal: Principal): SessionPrincipal {
  if (hasSession(principal)) return principal;
  throw new TokenError("invalid_token", "claim sid");
}

function hasSession(principal: Principal): principal is SessionPrincipal {
  return principal.sessionId !== undefined;
}

/** The OAuth client of a token, as the field of an audit event. Empty for a person's own login. */
export function clientOf({ claims }: Pick<Principal, "claims">): { readonly client?: string } {
  const client = claims["client_id"];
  return typeof client === "string" && client !== ownClientId ? { client } : {};
}

/**
 * Whether a client got the token for itself (client credentials). An imported user can have the id of a client. Only the
 * tokens of people have a user name.
 */
export function isMachine({ userId, claims }: Pick<Principal, "userId" | "claims">): boolean {
  return claims["client_id"] === userId && claims["preferred_username"] === undefined;
}

/** The codes of a guard with its revocations in this process and its keys here or at a realm. */
const codes = ["missing_token", "invalid_token", "token_expired", "token_revoked"] as const;

function refusalOf(error: unknown): unknown {
  if (!(error instanceof TokenError)) return error;
  const { reason } = error;
  if (error.code === "keys_unavailable") return new LatchkeyError("provider_unavailable", { reason });
  const code = codes.find((one) => one === error.code);
  return code === undefined ? error : new LatchkeyError(code, { reason });
}

/** Finds users by their id. */
export interface UserById {
  byId(userId: string): Promise<User | undefined>;
}

/** How long a user is served from memory, in milliseconds. */
const freshFor = 500;

/** Reads the user that a token names. */
export type UserOf = (principal: Principal) => Promise<User>;

/**
 * Reads users, and remembers each for half a second.
 *
 * The function it returns throws {LatchkeyError} `token_revoked` if the user is gone or disabled, `forbidden` for a
 * machine, which has no account.
 */
export function createUserOf(users: UserById, clocks: Clocks, remembered = 10_000): UserOf {
  // Holds active users alone, so an enabled user gets in at once.
  const recent = new Map<string, { user: User; readAt: Moment }>();

  return async function userOf({ userId, claims }) {
    const known = recent.get(userId);
    if (known !== undefined && since(known.readAt, clocks) < freshFor) return known.user;
    const readAt = momentOf(clocks);
    const user = await users.byId(userId);
    if (user === undefined && claims["client_id"] === userId)
      throw new LatchkeyError("forbidden", { reason: "a machine has no account" });
    if (!user?.active) throw new LatchkeyError("token_revoked", { reason: "user is gone or disabled" });
    if (recent.size >= remembered) recent.clear();
    recent.set(userId, { user, readAt });
    return user;
  };
}

export type CurrentUser = (token: string | undefined) => Promise<User>;

/**
 * Reads the current user: checks the token, then reads its user.
 *
 * The function it returns throws {LatchkeyError} `missing_token`, `invalid_token`, `token_expired`,
 * `token_revoked`.
 */
export function createCurrentUser(check: TokenCheck, userOf: UserOf): CurrentUser {
  return async (token) => userOf(await check(token));
}
