import type { Incoming } from "./request-check.ts";

/** A request of Node's HTTP server, as far as it is read. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly authorization?: string | undefined };
  readonly rawHeaders: readonly string[];
}

/**
 * Reads a request of Node's. Of several `Authorization` headers Node shows the first and drops the others
 * without a word; here they stay together, so that a request with two tokens is not taken for one with one.
 *
 * @param url where a framework has cut the request's own to what is left of it
 */
export function readNode({ method = "", url = "", headers, rawHeaders }: NodeRequest, whole = url): Incoming {
  const sent = rawHeaders.filter((_value, at) => at % 2 === 1 && isAuthorization(rawHeaders[at - 1]));
  // Where there is one at most, what was put in its place before the guard counts, such as that of a cookie.
  const authorization = sent.length > 1 ? sent.join(", ") : ownHeader(headers);
  return { method, url: whole, authorization };
}

/** Node's headers are a plain object: a member that every object has was not sent. */
function ownHeader(headers: NodeRequest["headers"]): string | undefined {
  return Object.hasOwn(headers, "authorization") ? headers.authorization : undefined;
}

function isAuthorization(name: string | undefined): boolean {
  return name?.toLowerCase() === "authorization";
}
