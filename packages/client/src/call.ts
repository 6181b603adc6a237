import { type Answer, responseOf } from "./answer.ts";
import { isKnownError, type KnownError } from "./errors.ts";

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
  // Who looks at the answer another way has taken charge of what may be wrong with it.
  const taken = <Look>(look: Promise<Look>): Promise<Look> => {
    value.catch(() => {});
    return look;
  };
  answer.catch(() => {});
  return Object.assign(value, {
    result: () =>
      taken(
        value.then(
          (read): Result<T> => ({ ok: true, value: read }),
          (error: unknown): Result<T> => {
            if (isKnownError(error)) return { ok: false, error };
            throw error;
          },
        ),
      ),
    withResponse: () => taken(value.then(async (data) => ({ data, response: responseOf(await answer) }))),
    asResponse: () => taken(answer.then(responseOf)),
  });
}
