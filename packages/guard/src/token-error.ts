/** Why a token was refused. `token_revoked`: the session it belongs to was ended. */
export type TokenErrorCode = "missing_token" | "invalid_token" | "token_expired" | "token_revoked";

const messages: Record<TokenErrorCode, string> = {
  missing_token: "An access token is required",
  invalid_token: "The access token is not valid",
  token_expired: "The access token has expired",
  token_revoked: "The session of this access token has ended",
};

/**
 * A token that was not accepted. `message` may be shown to the caller; `reason` is for the log and says
 * which check failed. Neither holds any part of the token.
 */
export class TokenError extends Error {
  readonly code: TokenErrorCode;
  readonly reason: string;

  constructor(code: TokenErrorCode, reason: string = code) {
    super(messages[code]);
    this.name = "TokenError";
    this.code = code;
    this.reason = reason;
  }
}
