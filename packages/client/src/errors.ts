import { type Answer, type Issue, issuesOf, responseOf } from "./answer.ts";
import { fieldsOf, textIn } from "./fields.ts";

/** Holds the name of an error class. `instanceof` compares it, so two copies of this package recognise each other. */
const lineage = Symbol.for("@latchkey/client");

/**
 * The base class of all errors from this package. Switch on `kind`, or test with `instanceof`.
 *
 * @example if (error instanceof AuthError) console.log(error.kind, error.message);
 */
export abstract class AuthError extends Error {
  static readonly [lineage]: string = "AuthError";
  abstract readonly kind: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target[lineage];
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass from outside this package has no name under `lineage`: compare prototypes as usual.
    if (!Object.hasOwn(this, lineage)) return super[Symbol.hasInstance](value);
    let kind: unknown = value instanceof Error && value.constructor;
    while (typeof kind === "function" && lineage in kind) {
      if (kind[lineage] === this[lineage]) return true;
      kind = Object.getPrototypeOf(kind);
    }
    return false;
  }
}

/**
 * A response with an unexpected status or body. Printing the error shows neither its body nor its headers.
 *
 * @example if (error instanceof APIError) console.log(error.status, error.code, error.requestId);
 */
export class APIError extends AuthError {
  static override readonly [lineage]: string = "APIError";
  readonly kind: string = "api";
  readonly status: number;
  /** The server's stable error code, such as `invalid_credentials`. An own property, so that loggers print it. */
  declare readonly code?: string;
  /** The id of this request in the server's log. An own property, so that loggers print it. */
  declare readonly requestId?: string;
  readonly #answer: Answer;

  constructor(message: string, answer: Answer) {
    super(message);
    this.status = answer.status;
    this.#answer = answer;
    // Loggers print both. So a value that is long, has a blank or a control character, or quotes the password or the
    // token, which is the last secret, is left out.
    const secret = answer.secrets.at(-1);
    const printable = (value?: string | null) =>
      value && /^[!-~]{1,128}$/.test(value) && !(secret && value.includes(secret));
    const code = textIn(fieldsOf(answer.data), "code");
    const requestId = answer.headers.get("x-request-id");
    Object.assign(this, printable(code) && { code }, printable(requestId) && { requestId });
  }

  get headers(): Headers {
    return this.#answer.headers;
  }

  /** The body as text. */
  get body(): string {
    return this.#answer.body;
  }

  /** The parsed body, or undefined if it is not JSON. */
  get data(): unknown {
    return this.#answer.data;
  }

  /** The response, with an unread body. */
  get response(): Response {
    return responseOf(this.#answer);
  }

  /** Seconds to wait before a retry, if the server sent `Retry-After`. */
  get retryAfter(): number | undefined {
    return this.#answer.retryAfter;
  }
}

/**
 * 400, and 422 as `ValidationError`: the request is malformed.
 *
 * @example if (error instanceof BadRequestError) console.log(error.data);
 */
export class BadRequestError extends APIError {
  static override readonly [lineage]: string = "BadRequestError";
  override readonly kind: string = "bad_request";
}

/**
 * 422: fields are missing or invalid. `issues` lists them.
 *
 * @example if (error instanceof ValidationError) console.log(error.issues.map(({ msg }) => msg));
 */
export class ValidationError extends BadRequestError {
  static override readonly [lineage] = "ValidationError";
  override readonly kind = "validation";

  get issues(): readonly Issue[] {
    return issuesOf(this.data);
  }
}

/**
 * 401, and 403 as `ForbiddenError`: wrong credentials, or an invalid, expired or revoked token.
 *
 * @example if (error instanceof UnauthorizedError) showLogin(error.message);
 */
export class UnauthorizedError extends APIError {
  static override readonly [lineage]: string = "UnauthorizedError";
  override readonly kind: string = "unauthorized";
}

/**
 * 403: the user is signed in but lacks the permission.
 *
 * @example if (error instanceof ForbiddenError) console.log(error.message);
 */
export class ForbiddenError extends UnauthorizedError {
  static override readonly [lineage] = "ForbiddenError";
  override readonly kind = "forbidden";
}

/**
 * 404: the server does not have this route. Check `basePath`.
 *
 * @example if (error instanceof NotFoundError) console.log("Try basePath: /api/v1/auth");
 */
export class NotFoundError extends APIError {
  static override readonly [lineage] = "NotFoundError";
  override readonly kind = "not_found";
}

/**
 * 429: too many attempts. `retryAfter` says how many seconds to wait.
 *
 * @example if (error instanceof RateLimitError) console.log(`Again in ${error.retryAfter ?? 60} seconds`);
 */
export class RateLimitError extends APIError {
  static override readonly [lineage] = "RateLimitError";
  override readonly kind = "rate_limit";
}

/**
 * 5xx: the server failed.
 *
 * @example if (error instanceof ServerError) console.log(error.status, error.requestId);
 */
export class ServerError extends APIError {
  static override readonly [lineage] = "ServerError";
  override readonly kind = "server";
}

/**
 * A 2xx without JSON, or without a required field.
 *
 * @example if (error instanceof ResponseValidationError) console.log(error.message, error.body);
 */
export class ResponseValidationError extends APIError {
  static override readonly [lineage] = "ResponseValidationError";
  override readonly kind = "response_validation";
}

/**
 * No response, or an incomplete one. `cause` is the error of `fetch`, and `code` its code, such as `ECONNREFUSED`.
 *
 * @example if (error instanceof ConnectionError) console.log(error.code, error.cause);
 */
export class ConnectionError extends AuthError {
  static override readonly [lineage] = "ConnectionError";
  readonly kind = "connection";
  /** The innermost code of the cause, if the platform gives one. Browsers give none. */
  declare readonly code?: string;
}

/**
 * No complete response within the timeout of an attempt.
 *
 * @example if (error instanceof RequestTimeoutError) console.log(error.message);
 */
export class RequestTimeoutError extends AuthError {
  static override readonly [lineage] = "RequestTimeoutError";
  readonly kind = "timeout";
}

/**
 * The caller's signal was aborted, or the client was closed.
 *
 * @example if (error instanceof RequestAbortedError) return;
 */
export class RequestAbortedError extends AuthError {
  static override readonly [lineage] = "RequestAbortedError";
  readonly kind = "aborted";
}

/**
 * No session: nobody has signed in yet, or the session has ended.
 *
 * @example if (error instanceof SignedOutError) showLogin();
 */
export class SignedOutError extends AuthError {
  static override readonly [lineage] = "SignedOutError";
  readonly kind = "signed_out";

  constructor(message = "Not signed in", options?: ErrorOptions) {
    super(message, options);
  }
}

type Exactly<Type, Kind extends string> = Type & { readonly kind: Kind };

/**
 * The union of all errors. The compiler then checks that a `switch` on `kind` is exhaustive.
 *
 * @example
 * switch (error.kind) {
 *   case "validation": return error.issues;
 *   case "rate_limit": return error.retryAfter;
 * }
 */
export type KnownError =
  | Exactly<APIError, "api">
  | Exactly<BadRequestError, "bad_request">
  | ValidationError
  | Exactly<UnauthorizedError, "unauthorized">
  | ForbiddenError
  | NotFoundError
  | RateLimitError
  | ServerError
  | ResponseValidationError
  | ConnectionError
  | RequestTimeoutError
  | RequestAbortedError
  | SignedOutError;

/**
 * Whether an error is from this package. Narrows a caught value, so that `kind` can be switched on.
 *
 * @example if (isKnownError(error) && error.kind === "rate_limit") console.log(error.retryAfter);
 */
export function isKnownError(error: unknown): error is KnownError {
  return error instanceof AuthError;
}
