import { fieldsOf, orUndefined } from "./fields.ts";
import type { RefreshTokenResponse } from "./wire.ts";

/**
 * The tokens of a session, as they are kept. Times are milliseconds since the epoch by this machine's clock.
 *
 * @example await store.set({ accessToken, issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 });
 */
export interface TokenSet {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
  readonly issuedAt: number;
  /** Absent where neither the server nor the token tells. */
  readonly expiresAt?: number | undefined;
}

/**
 * What a session is refreshed with.
 *
 * @example const grant: RefreshGrant = refreshToken ? { refreshToken } : { currentToken };
 */
export type RefreshGrant =
  | { readonly refreshToken: string; readonly currentToken?: never }
  | { readonly currentToken: string; readonly refreshToken?: never };

/** A token is refreshed so long before its end, in milliseconds; a short-lived one a fifth of its life. */
const margin = 30_000;

/**
 * The tokens of an answer.
 *
 * @param issuedAt when the answer was asked for; what the server counts from is not earlier
 * @param before the refresh token that stays, where the answer brings none
 */
export function tokenSetOf(answer: RefreshTokenResponse, issuedAt: number, before?: string): TokenSet {
  const { accessToken, expiresIn, refreshToken = before } = answer;
  const lifetime = expiresIn ?? lifetimeOf(accessToken);
  const expiresAt = lifetime === undefined ? undefined : issuedAt + lifetime * 1000;
  return { accessToken, refreshToken, issuedAt, expiresAt };
}

/** Whether it is too early to refresh. @param refused an access token that the server has refused */
export function isFresh({ accessToken, issuedAt, expiresAt }: TokenSet, refused?: string): boolean {
  if (accessToken === refused) return false;
  if (expiresAt === undefined) return true;
  const soon = Date.now() + Math.min(margin, (expiresAt - issuedAt) / 5);
  // A clock that was set back further than the margin could take an expired token for a fresh one.
  return soon > issuedAt && soon < expiresAt;
}

export function isExpired({ expiresAt }: TokenSet): boolean {
  return expiresAt !== undefined && Date.now() >= expiresAt;
}

/**
 * For how many seconds a JWT (RFC 7519) is good: by the server's clock where it says when it was issued.
 * Nothing is verified; this is for scheduling alone.
 */
function lifetimeOf(jwt: string): number | undefined {
  const [, payload = ""] = jwt.split(".");
  const claims = () => JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  const { iat, exp } = fieldsOf(orUndefined(claims));
  if (typeof exp !== "number") return undefined;
  return Math.max(0, exp - (typeof iat === "number" ? iat : Date.now() / 1000));
}
