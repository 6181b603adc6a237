/** Every refusal that Latchkey can answer with: its code, its HTTP status and the message for the caller. */
const refusals = {
  bad_request: [400, "The request is malformed: send a JSON body with Content-Type: application/json"],
  invalid_request: [400, "The request is not valid"],
  unknown_client: [
    400,
    "This application is not known here, or it is blocked: remove the connection in the application and add it again",
  ],
  invalid_provider_answer: [
    400,
    "This sign-in has expired, was finished already, or was begun in another browser: start again in the application",
  ],
  invalid_redirect_uri: [400, "The redirect URI is not one that this application may use"],
  invalid_client_metadata: [400, "The description of the client is not valid"],
  invalid_grant: [400, "The code or the refresh token is not valid for this client: sign in again"],
  invalid_scope: [
    400,
    "The scope is unknown, or wider than what was allowed: sign in again to ask for more. A machine has the scope of `latchkey client add`",
  ],
  invalid_target: [400, "The resource is not known here, or is not the one that was allowed"],
  invalid_link: [
    400,
    "This link has expired, was used already, or belongs to an older state of the account: ask for a new one",
  ],
  invalid_cursor: [400, "The cursor is not one of this list: begin again without it"],
  unauthorized_client: [400, "This client may not use this grant type"],
  unsupported_grant_type: [400, "This grant type is not supported"],
  unsupported_token_type: [
    400,
    "The token of a machine cannot be revoked here: it expires soon, and the operator can block the client",
  ],
  unsupported_response_type: [400, "This response type is not supported: use code"],
  access_denied: [403, "The person did not allow this"],
  interaction_required: [400, "A person has to sign in: leave out prompt=none"],
  invalid_client: [401, "The client is not known, or did not prove that it is itself"],
  invalid_credentials: [401, "Incorrect username or password"],
  missing_token: [401, "Not authenticated: send the access token as Authorization: Bearer <token>"],
  invalid_token: [401, "The token is not valid"],
  token_expired: [401, "The token has expired: refresh it or sign in again"],
  token_revoked: [401, "The session has ended: sign in again"],
  invalid_guard_key: [401, "A guard key is required: send it as Authorization: Bearer <key>"],
  invalid_metrics_key: [401, "A metrics key is required: send it as Authorization: Bearer <key>"],
  forbidden: [403, "You are not allowed to do this"],
  forbidden_origin: [403, "This form was sent from another site: open the sign-in page again"],
  wrong_password: [403, "The current password is not right"],
  protected_account: [403, "This account administers Latchkey: an administrator alone may change it"],
  account_disabled: [403, "This account is disabled: ask an administrator"],
  account_setup_required: [
    403,
    "This account is not set up yet: sign in to the identity provider once in a browser and complete the steps it asks for",
  ],
  password_login_off: [
    403,
    "Nobody signs in here by a password: use an application that opens the sign-in page of the identity provider",
  ],
  token_too_large: [
    403,
    "The access token of this account does not fit into a request: ask an administrator for fewer or shorter roles",
  ],
  not_found: [404, "Resource not found"],
  method_not_allowed: [405, "This resource does not support this method"],
  request_timeout: [408, "The request took too long to arrive"],
  username_taken: [409, "This username is taken: choose another one"],
  email_taken: [409, "This e-mail address belongs to another account"],
  last_administrator: [409, "This is the last active administrator: add or enable another one first"],
  request_in_progress: [
    409,
    "The first request with this Idempotency-Key is still running: send it again shortly",
  ],
  rotation_too_early: [
    409,
    "Caches may still lack the next key: wait, or send force, and verifiers behind them refuse valid tokens meanwhile",
  ],
  conflict: [409, "Another request changed this meanwhile: read it again"],
  precondition_failed: [
    412,
    "This was changed since it was read: read it again, and send its new ETag in If-Match",
  ],
  body_too_large: [413, "The request body is larger than 16 KiB"],
  uri_too_long: [414, "The URL is longer than 2,048 characters, or than 8,192 at /oauth/authorize"],
  misdirected_request: [
    421,
    "This server does not answer to this Host: use the issuer's address, or add the name to LATCHKEY_ALLOWED_HOSTS",
  ],
  validation_error: [422, "The request is not valid"],
  weak_password: [422, "Choose another password"],
  idempotency_key_reused: [422, "This Idempotency-Key belongs to another request: use a new key for each"],
  rate_limited: [429, "Too many attempts: try again later"],
  headers_too_large: [431, "The request headers are too large"],
  client_gone: [499, "The client closed the connection"],
  internal_error: [500, "Internal server error"],
  overloaded: [503, "The server is busy: try again shortly"],
  client_document_unavailable: [
    503,
    "The address that describes this application cannot be read now: try again shortly",
  ],
  provider_unavailable: [503, "The identity provider cannot be reached: try again shortly"],
  store_unavailable: [503, "The database cannot be reached: try again shortly"],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof refusals;

/** All codes. */
export const errorCodes: readonly ErrorCode[] = Object.keys(refusals).filter(isErrorCode);

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(refusals, code);
}

/** One broken field of a request, in the shape that the published clients read. Never holds a sent value. */
export interface Issue {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/** The limit that was reached, for the `RateLimit` headers. */
export interface LimitReached {
  readonly policy: string;
  readonly quota: number;
  readonly windowSeconds: number;
}

export interface RefusalDetails {
  /** The true cause, for the log alone. Must hold no secret. */
  readonly reason?: string;
  /** The part of the request that is wrong, as a clause that ends the message. Never holds a sent value. */
  readonly fault?: string;
  /** Seconds to wait before the next attempt. Default for a 503: one second. */
  readonly retryAfter?: number;
  readonly issues?: readonly Issue[];
  readonly limit?: LimitReached;
  readonly cause?: unknown;
}

/** A refusal. `message` is for the caller and `reason` for the log. They never mix. */
export class LatchkeyError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly reason: string | undefined;
  readonly retryAfter: number | undefined;
  readonly issues: readonly Issue[] | undefined;
  readonly limit: LimitReached | undefined;

  constructor(code: ErrorCode, details: RefusalDetails = {}) {
    const [, message] = refusals[code];
    super(details.fault === undefined ? message : `${message}: ${details.fault}`, { cause: details.cause });
    this.name = "LatchkeyError";
    this.code = code;
    this.status = statusOf(code);
    this.reason = details.reason ?? details.fault;
    this.retryAfter = details.retryAfter ?? (this.status === 503 ? 1 : undefined);
    this.issues = details.issues;
    this.limit = details.limit;
  }
}

/** The database did not answer, or refused. @param reason for the log alone */
export function storeUnavailable(reason: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError("store_unavailable", { reason, cause });
}

/** Whether an access or refresh token was refused for what it is: forged, expired or revoked. */
export function isTokenRefusal(error: unknown): error is LatchkeyError {
  return error instanceof LatchkeyError && tokenRefusals.has(error.code);
}

const tokenRefusals: ReadonlySet<ErrorCode> = new Set(["invalid_token", "token_expired", "token_revoked"]);

/** The HTTP status of a code. */
export function statusOf(code: ErrorCode): number {
  return refusals[code][0];
}
