/** More than any answer of a realm. */
const maxBytes = 262_144;

/** What came is no answer of a realm: too long. */
class AnswerTooLong extends Error {}

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
    const read = await readAll(answer);
    // Answers of these kinds cannot be made with a body.
    return new Response([204, 205, 304].includes(status) ? null : read, { status, headers: answer.headers });
  };
}

async function readAll({ body }: Response): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new AnswerTooLong("the answer is too long");
    parts.push(part);
  }
  return Buffer.concat(parts);
}
