import { type Answer, issuesOf, redact, responseOf } from "./answer.ts";
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
 * What became of a call, for those who prefer to look over those who catch.
 *
 * @example
 * const result: Result<User> = await auth.me().result();
 * if (result.ok) console.log(result.value.email);
 */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: KnownError };

/**
 * A call that is under way: a promise of its value, with other ways to look at the same answer.
 *
 * @example const me = await auth.me();
 */
export interface Call<T> extends Promise<T> {
  /**
   * Never rejects for an error that this package knows.
   *
   * @example
   * const result = await auth.me().result();
   * if (!result.ok) console.log(result.error.kind);
   */
  result(): Promise<Result<T>>;
  /**
   * The value together with the response that it was read from.
   *
   * @example const { data, response } = await auth.me().withResponse();
   */
  withResponse(): Promise<{ readonly data: T; readonly response: Response }>;
  /**
   * The response, whatever its status; rejects only where there was none.
   *
   * @example const response = await auth.me().asResponse();
   */
  asResponse(): Promise<Response>;
}

/** Makes a call of an answer and of the value that is read from it. */
export function callOf<T>(answer: Promise<Answer>, value: Promise<T>): Call<T> {
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
      value.catch(() => {});
      return answer.then(responseOf);
    },
  });
}

/** Reads a success. @throws {APIError} for any other answer */
export function read<T>(answer: Answer, reader: (data: unknown) => T): T {
  if (answer.status < 200 || answer.status > 299) throw errorOf(answer);
  try {
    return reader(answer.data);
  } catch (error) {
    const lacking =
      answer.data === undefined ? "is not JSON" : `lacks ${error instanceof Error ? error.message : ""}`;
    throw new ResponseValidationError(`The response ${lacking}`, answer);
  }
}

/** The error that an answer stands for. */
function errorOf(answer: Answer): APIError {
  const { status, secrets } = answer;
  const message = redact(messageOf(answer), secrets);
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

/** The server's own words: `message`, else `detail`, else its issues; else the status. */
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
