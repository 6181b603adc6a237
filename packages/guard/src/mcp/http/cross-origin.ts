/** The machine itself, by every name that a browser knows it by. */
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;
/** What a page may read besides the body: the challenge most of all. */
const exposed = "www-authenticate, mcp-session-id, mcp-protocol-version, retry-after";
const allowedHeaders =
  "authorization, content-type, accept, last-event-id, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name";

/**
 * Which web pages may call an endpoint. A request of any other page is refused: a page whose name was rebound
 * to this machine must not reach what listens on it.
 */
export class CrossOrigin {
  readonly #resource: URL;
  readonly #origins: ReadonlySet<string> | "*" | undefined;

  constructor(resource: URL, origins: readonly string[] | "*" | undefined) {
    this.#resource = resource;
    this.#origins = origins === undefined || origins === "*" ? origins : new Set(origins);
  }

  /** @param origin the `Origin` header; undefined where no page sent the request */
  admits(origin: string | undefined): boolean {
    if (origin === undefined || this.#origins === "*" || origin === this.#resource.origin) return true;
    if (this.#origins !== undefined) return this.#origins.has(origin);
    return (
      loopback.test(this.#resource.hostname) &&
      URL.canParse(origin) &&
      loopback.test(new URL(origin).hostname)
    );
  }

  /** Headers for every answer to an admitted page. */
  headers(origin: string | undefined): Record<string, string> {
    if (origin === undefined) return { vary: "Origin" };
    return {
      vary: "Origin",
      "access-control-allow-origin": origin,
      "access-control-expose-headers": exposed,
    };
  }

  /** Further headers for the question that a browser asks before a page's request. */
  preflight(requested: string | undefined): Record<string, string> {
    // Tools may have arguments mirrored in headers of their own (Mcp-Param-…): those that are asked for.
    const more = requested?.split(",").filter((name) => /^\s*mcp-param-[\w-]+\s*$/i.test(name)) ?? [];
    return {
      "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
      "access-control-allow-headers": [allowedHeaders, ...more.map((name) => name.trim().toLowerCase())].join(
        ", ",
      ),
      "access-control-max-age": "600",
    };
  }
}
