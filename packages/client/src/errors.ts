import { type Answer, type Issue, issuesOf, responseOf } from "./answer.ts";
import { fieldsOf, textIn } from "./fields.ts";

/** Marks errors of this package with their names, so that `instanceof` holds where two copies of it are loaded. */
const lineage = Symbol.for("@latchkey/client");

/**
 * Anything that this package throws. `kind` tells which, for a `switch`; `instanceof` does as well.
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
    // A class that extends one of these without a mark of its own is judged in the ordinary way.
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
 * An answer that is not what was asked for. Body and headers are there to be read, and are not shown when
 * the error is printed.
 *
 * @example if (error instanceof APIError) console.log(error.status, error.code, error.requestId);
 */
export class APIError extends AuthError {
  static override readonly [lineage]: string = "APIError";
  readonly kind: string = "api";
  readonly status: number;
  readonly #answer: Answer;

  constructor(message: string, answer: Answer) {
    super(message);
    this.status = answer.status;
    this.#answer = answer;
  }

  get headers(): Headers {
    return this.#answer.headers;
  }

  /** The body as text. */
  get body(): string {
    return this.#answer.body;
  }

  /** The body where it is JSON. */
  get data(): unknown {
    return this.#answer.data;
  }

  /** The whole answer, its body unread. */
  get response(): Response {
    return responseOf(this.#answer);
  }

  /** The server's stable code for what is wrong, such as `invalid_credentials`. */
  get code(): string | undefined {
    return textIn(fieldsOf(this.data), "code");
  }

  /** Names this request in the server's log. */
  get requestId(): string | undefined {
    return this.headers.get("x-request-id") ?? undefined;
  }

  /** Seconds after which another try makes sense, where the server said so. */
  get retryAfter(): number | undefined {
    return this.#answer.retryAfter;
  }
}

/**
 * 400, and 422 as `ValidationError`: the request is not one that the server understands.
 *
 * @example if (error instanceof BadRequestError) console.log(error.data);
 */
export class BadRequestError extends APIError {
  static override readonly [lineage]: string = "BadRequestError";
  override readonly kind: string = "bad_request";
}

/**
 * 422: fields are missing or not what they must be; `issues` says which.
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
 * 401, and 403 as `ForbiddenError`: wrong credentials, or a token that is no good (any more).
 *
 * @example if (error instanceof UnauthorizedError) showLogin(error.message);
 */
export class UnauthorizedError extends APIError {
  static override readonly [lineage]: string = "UnauthorizedError";
  override readonly kind: string = "unauthorized";
}

/**
 * 403: signed in, but not allowed.
 *
 * @example if (error instanceof ForbiddenError) console.log(error.message);
 */
export class ForbiddenError extends UnauthorizedError {
  static override readonly [lineage] = "ForbiddenError";
  override readonly kind = "forbidden";
}

/**
 * 404: there is nothing at this address. Is `basePath` right?
 *
 * @example if (error instanceof NotFoundError) console.log("Try basePath: /api/v1/auth");
 */
export class NotFoundError extends APIError {
  static override readonly [lineage] = "NotFoundError";
  override readonly kind = "not_found";
}

/**
 * 429: too many attempts; `retryAfter` says when to come back.
 *
 * @example if (error instanceof RateLimitError) console.log(`Again in ${error.retryAfter ?? 60} seconds`);
 */
export class RateLimitError extends APIError {
  static override readonly [lineage] = "RateLimitError";
  override readonly kind = "rate_limit";
}

/**
 * 5xx: the server could not do it.
 *
 * @example if (error instanceof ServerError) console.log(error.status, error.requestId);
 */
export class ServerError extends APIError {
  static override readonly [lineage] = "ServerError";
  override readonly kind = "server";
}

/**
 * A success that is not JSON, or lacks a field that it must have.
 *
 * @example if (error instanceof ResponseValidationError) console.log(error.message, error.body);
 */
export class ResponseValidationError extends APIError {
  static override readonly [lineage] = "ResponseValidationError";
  override readonly kind = "response_validation";
}

/**
 * No answer, or one that was cut short. `cause` is what the network said.
 *
 * @example if (error instanceof ConnectionError) console.log(error.cause);
 */
export class ConnectionError extends AuthError {
  static override readonly [lineage] = "ConnectionError";
  readonly kind = "connection";
}

/**
 * No whole answer within the timeout of an attempt.
 *
 * @example if (error instanceof RequestTimeoutError) console.log(error.message);
 */
export class RequestTimeoutError extends AuthError {
  static override readonly [lineage] = "RequestTimeoutError";
  readonly kind = "timeout";
}

/**
 * The caller's signal was aborted, or the client closed.
 *
 * @example if (error instanceof RequestAbortedError) return;
 */
export class RequestAbortedError extends AuthError {
  static override readonly [lineage] = "RequestAbortedError";
  readonly kind = "aborted";
}

/**
 * There is no session: nobody has signed in, or it has ended.
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
 * Every error there is, for a `switch` on `kind` that the compiler holds to be exhaustive.
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
 * Whether this package threw it: what a `catch` got can then be switched on by `kind`.
 *
 * @example if (isKnownError(error) && error.kind === "rate_limit") console.log(error.retryAfter);
 */
export function isKnownError(error: unknown): error is KnownError {
  return error instanceof AuthError;
}
