import { readBytes } from "@latchkey/guard/bounded-body";

/** More than any answer of a realm. */
const maxBytes = 262_144;

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: RequestInit["headers"];
  readonly body?: RequestInit["body"];
}

/**
 * A `fetch` with a timeout and a bound of 256 KiB, both for the whole answer. Redirects are not followed, so a password
 * reaches the configured address alone.
 *
 * @param timeout milliseconds
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
