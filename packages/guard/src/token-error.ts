/** Every reason for which a call can be turned away, with its HTTP status and what its caller is told. */
const refusals = {
  missing_token: [401, "An access token is required"],
  invalid_token: [401, "The access token is not valid"],
  token_expired: [401, "The access token has expired"],
  token_revoked: [401, "The session of this access token has ended"],
  token_mismatch: [401, "The call carries two different access tokens"],
  forbidden: [403, "This is not allowed to you"],
  insufficient_scope: [403, "The access token lacks a scope that this needs"],
  keys_unavailable: [503, "Access tokens cannot be checked now: the issuer's keys could not be read"],
  revocations_unavailable: [503, "Access tokens cannot be checked now: ended sessions are not known"],
} as const satisfies Record<string, readonly [status: 401 | 403 | 503, message: string]>;

/**
 * Why a call was turned away. 401: it is not known who calls. 403: who calls may not do this. 503: the
 * guard could not emit; another try later may succeed.
 */
export type TokenErrorCode = keyof typeof refusals;

/** Seconds after which a call that could not be judged may be tried again. */
const retryAfter = 1;

/**
 * A call that was turned away. `message` may be shown to the caller; `reason` is for the log and says which
 * check failed. Neither holds any part of a token.
 *
 * @example if (error instanceof TokenError && error.status === 401) askToSignIn(error.message);
 */
export class TokenError extends Error {
  readonly code: TokenErrorCode;
  /** The HTTP status that stands for the code. */
  readonly status: 401 | 403 | 503;
  readonly reason: string;
  /** With `insufficient_scope`: all the scopes that the call needs, those that the token has among them. */
  readonly scopes: readonly string[];
  /** Seconds after which another try may succeed, where it may. */
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
