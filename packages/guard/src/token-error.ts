/** Every code of a refused call, with its HTTP status and the message for the caller. */
const refusals = {
  missing_token: [401, "An access token is required"],
  invalid_token: [401, "The access token is not valid"],
  token_expired: [401, "The access token has expired"],
  token_revoked: [401, "The session of this access token has ended"],
  token_mismatch: [401, "The call carries two different access tokens"],
  forbidden: [403, "You are not allowed to do this"],
  insufficient_scope: [403, "The access token lacks a scope that this needs"],
  keys_unavailable: [503, "Access tokens cannot be checked now: the issuer's keys could not be read"],
  revocations_unavailable: [503, "Access tokens cannot be checked now: ended sessions could not be read"],
} as const satisfies Record<string, readonly [status: 401 | 403 | 503, message: string]>;

/**
 * Why a call was refused. 401: the caller is unknown. 403: the caller is known and may not do this. 503: the
 * guard could not check the token, and a later try may succeed.
 */
export type TokenErrorCode = keyof typeof refusals;

/** Seconds after which a call with a 503 may be tried again. */
const retryAfter = 1;

/**
 * A refused call. `message` may be shown to the caller. `reason` is for the log and names the check that
 * failed. Neither contains any part of a token.
 *
 * @example if (error instanceof TokenError && error.status === 401) askToSignIn(error.message);
 */
export class TokenError extends Error {
  readonly code: TokenErrorCode;
  /** The HTTP status of the code. */
  readonly status: 401 | 403 | 503;
  readonly reason: string;
  /** With `insufficient_scope`: all scopes that the call needs, including those that the token has. */
  readonly scopes: readonly string[];
  /** Seconds after which another try may succeed; undefined if it cannot. */
  readonly retryAfter: number | undefined;

  constructor(code: TokenErrorCode, reason: string = code, scopes: readonly string[] = []) {
    const [status, message] = refusals[code];
    super(message);
    this.name = "TokenError";
    this.code = code;
    this.status = status;
    this.reason = reason;
    this.scopes = scopes;
    this.retryAfter = status === 503 ? retryAfter : undefined;
  }
}
