/** The parts of a request that the guard reads before a rule sees the request. */
export interface RouteRequest {
  readonly method: string;
  /** As it was sent, or as a whole URL. */
  readonly url: string;
  /** All `Authorization` headers, joined by commas. */
  readonly authorization: string | null | undefined;
}

/** The parts of a Node request that the guard reads. */
export interface NodeRouteRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: { readonly authorization?: string | undefined };
  readonly rawHeaders: readonly string[];
}

/**
 * Reads a request of Node's HTTP server.
 *
 * @param url the whole URL, if a framework has shortened the request's own
 */
export function fromNode(
  { method = "", url: own = "", headers, rawHeaders }: NodeRouteRequest,
  url = own,
): RouteRequest {
  return { method, url, authorization: headerOf("authorization", headers, rawHeaders) };
}

/**
 * A header with all its values, joined. Node shows the first of several `Authorization` headers. Joined, they are
 * refused: two tokens are not one. With one header or none, a header set before the guard counts, such as one made
 * from a cookie.
 *
 * @param name in lower case
 */
export function headerOf(
  name: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  rawHeaders: readonly string[],
): string | undefined {
  const sent = rawHeaders.filter((_value, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
  if (sent.length > 1) return sent.join(", ");
  // Node's headers are a plain object: a member that every object inherits was not sent.
  const header = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(header) ? header.join(", ") : header;
}

/** Reads a request of the Fetch API. */
export function fromFetch({ method, url, headers }: Request): RouteRequest {
  return { method, url, authorization: headers.get("authorization") };
}

/**
 * The path of a request, without query and fragment: people put tokens there.
 *
 * @param url as it was sent, or as a whole URL
 */
export function pathOf(url: string): string {
  const [path = ""] = url.split(/[?#]/, 1);
  return path.startsWith("/") || !URL.canParse(path) ? path : new URL(path).pathname;
}
