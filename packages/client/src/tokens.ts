import { fieldsOf, orUndefined } from "./fields.ts";
import type { RefreshTokenResponse } from "./wire.ts";

/**
 * The tokens of a session, as a store keeps them. Times are this machine's, in milliseconds since 1970.
 *
 * @example await store.set({ accessToken, issuedAt: Date.now(), expiresAt: Date.now() + 3_600_000 });
 */
export interface TokenSet {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
  readonly issuedAt: number;
  /** Undefined if neither the response nor the token says when it expires. */
  readonly expiresAt?: number | undefined;
  /** When the session began. A refresh keeps it, so a change tells of a login. A store may leave it out. */
  readonly signedInAt?: number | undefined;
}

/**
 * The token that a refresh sends.
 *
 * @example const grant: RefreshGrant = refreshToken ? { refreshToken } : { currentToken };
 */
export type RefreshGrant =
  | { readonly refreshToken: string; readonly currentToken?: never }
  | { readonly currentToken: string; readonly refreshToken?: never };

/** Tokens are refreshed this long before they expire, in milliseconds; short-lived ones after 4/5 of their life. */
const margin = 30_000;

/**
 * The token set of a response.
 *
 * @param issuedAt when the request was sent, so that a token never seems to live longer than it does
 * @param before the current refresh token, which is kept if the response has none
 * @param signedInAt the time of the login, if the response is that of a refresh
 */
export function tokenSetOf(
  response: RefreshTokenResponse,
  issuedAt: number,
  before?: string,
  signedInAt = issuedAt,
): TokenSet {
  const { accessToken, expiresIn, refreshToken = before } = response;
  const lifetime = expiresIn ?? lifetimeOf(accessToken);
  const expiresAt = lifetime === undefined ? undefined : issuedAt + lifetime * 1000;
  return { accessToken, refreshToken, issuedAt, expiresAt, signedInAt };
}

/** Whether tokens are those of another session. Tokens of a store that leaves out `signedInAt` count as the same. */
export function isOtherSession(
  { signedInAt }: TokenSet,
  { signedInAt: other = signedInAt }: TokenSet,
): boolean {
  return (signedInAt ?? other) !== other;
}

/** Whether an access token needs no refresh yet. @param refused an access token that a server has answered with 401 */
export function isFresh({ accessToken, issuedAt, expiresAt }: TokenSet, refused?: string): boolean {
  if (accessToken === refused) return false;
  if (expiresAt === undefined) return true;
  const soon = Date.now() + Math.min(margin, (expiresAt - issuedAt) / 5);
  // If the clock was set back further than the margin, an expired token could look fresh.
  return soon > issuedAt && soon < expiresAt;
}

/** Whether an access token is past its end. */
export function isExpired({ expiresAt }: TokenSet): boolean {
  return expiresAt !== undefined && Date.now() >= expiresAt;
}

/**
 * The lifetime of a JWT (RFC 7519) in seconds: by the server's clock if the token has `iat`. The token is not
 * verified, because the result only schedules the next refresh.
 */
function lifetimeOf(jwt: string): number | undefined {
  const [, payload = ""] = jwt.split(".");
  const claims = () => JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  const { iat, exp } = fieldsOf(orUndefined(claims));
  if (typeof exp !== "number") return undefined;
  return Math.max(0, exp - (typeof iat === "number" ? iat : Date.now() / 1000));
}
