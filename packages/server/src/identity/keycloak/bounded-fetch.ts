import { readBytes } from "@latchkey/guard/bounded-body";

/** More than any answer of a realm. */
const maxBytes = 262_144;

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: RequestInit["headers"];
  readonly body?: RequestInit["body"];
}

/**
 * A `fetch` that ends in time and takes no more than a bound, the body included. Redirects are not followed: a
 * password goes where the operator said and nowhere else.
 *
 * @param timeout milliseconds for all of it
 */
export function boundedFetch(timeout: number): (url: string, options?: FetchOptions) => Promise<Response> {
  return async (url, { method = "GET", headers, body = null } = {}) => {
    const answer = await fetch(url, {
      method,
      body,
      ...(headers && { headers }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    const { status } = answer;
    const read = await readBytes(answer, maxBytes);
    // Answers of these kinds cannot be made with a body.
    return new Response([204, 205, 304].includes(status) ? null : read, { status, headers: answer.headers });
  };
}
