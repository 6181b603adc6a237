import { type Answer, issuesOf, responseOf } from "./answer.ts";
import {
  APIError,
  BadRequestError,
  ForbiddenError,
  isKnownError,
  type KnownError,
  NotFoundError,
  RateLimitError,
  ResponseValidationError,
  ServerError,
  UnauthorizedError,
  ValidationError,
} from "./errors.ts";
import { fieldsOf, textIn } from "./fields.ts";

/**
 * The outcome of a call as a value, for code that checks instead of catching.
 *
 * @example
 * const result: Result<User> = await auth.me().result();
 * if (result.ok) console.log(result.value.email);
 */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: KnownError };

/**
 * A promise of a value, with three more views of the same response.
 *
 * @example const me = await auth.me();
 */
export interface Call<T> extends Promise<T> {
  /**
   * The outcome as a value. Rejects only for an error that is not from this package.
   *
   * @example
   * const result = await auth.me().result();
   * if (!result.ok) console.log(result.error.kind);
   */
  result(): Promise<Result<T>>;
  /**
   * The value, together with its response.
   *
   * @example const { data, response } = await auth.me().withResponse();
   */
  withResponse(): Promise<{ readonly data: T; readonly response: Response }>;
  /**
   * The response, whatever its status. Rejects only if no response came.
   *
   * @example const response = await auth.me().asResponse();
   */
  asResponse(): Promise<Response>;
}

/** Makes a `Call` from a response and from the value that is read from it. */
export function callOf<T>(answer: Promise<Answer>, value: Promise<T>): Call<T> {
  // The same error also rejects `value`, so `answer` must not be reported as unhandled a second time.
  answer.catch(() => {});
  return Object.assign(value, {
    result: () =>
      value.then(
        (read): Result<T> => ({ ok: true, value: read }),
        (error: unknown): Result<T> => {
          if (isKnownError(error)) return { ok: false, error };
          throw error;
        },
      ),
    withResponse: () => value.then(async (data) => ({ data, response: responseOf(await answer) })),
    asResponse: () => {
      // A caller of `asResponse` checks the status itself.
      value.catch(() => {});
      return answer.then(responseOf);
    },
  });
}

/** Waits for a 2xx and reads its value. @throws {APIError} for any other status, or if the body lacks a field */
export async function readValue<T>(
  response: Answer | Promise<Answer>,
  reader: (data: unknown) => T,
): Promise<T> {
  const answer = await response;
  if (answer.status < 200 || answer.status > 299) throw errorOf(answer);
  try {
    return reader(answer.data);
  } catch (error) {
    const fault =
      answer.data === undefined ? "is not JSON" : `lacks ${error instanceof Error ? error.message : ""}`;
    throw new ResponseValidationError(`The response ${fault}`, answer);
  }
}

/** The error for a status, with the server's message. */
function errorOf(answer: Answer): APIError {
  const { status, secrets } = answer;
  // The last value is a password or a token, and may contain the user name before it.
  const message = secrets.reduceRight((text, secret) => text.replaceAll(secret, "…"), messageOf(answer));
  const Kind = byStatus[status] ?? (status >= 500 ? ServerError : APIError);
  return new Kind(message, answer);
}

const byStatus: Readonly<Record<number, typeof APIError | undefined>> = {
  400: BadRequestError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  422: ValidationError,
  429: RateLimitError,
};

/** The server's `message`, or else its `detail`, its validation errors, or the status. */
function messageOf({ status, data }: Answer): string {
  const fields = fieldsOf(data);
  return (
    textIn(fields, "message") ||
    textIn(fields, "detail") ||
    issuesOf(data)
      .map(({ loc, msg }) => `${loc.join(".")}: ${msg}`)
      .join("; ") ||
    `HTTP status ${status}`
  );
}
