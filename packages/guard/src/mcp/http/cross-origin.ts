import { isLoopbackName } from "../../support/loopback.ts";

/** Headers that a page may read. Without them it could not read the challenge. */
const exposed = "www-authenticate, mcp-session-id, mcp-protocol-version, retry-after";
const allowedHeaders =
  "authorization, content-type, accept, last-event-id, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name";

/**
 * The web pages that may call an endpoint. A request from any other page is refused. Otherwise a page could rebind its
 * name to this machine and reach a server that listens on loopback.
 */
export class CrossOrigin {
  readonly #resource: URL;
  readonly #origins: ReadonlySet<string> | "*" | undefined;

  constructor(resource: URL, origins: readonly string[] | "*" | undefined) {
    this.#resource = resource;
    this.#origins = origins === undefined || origins === "*" ? origins : new Set(origins);
  }

  /** @param origin the `Origin` header; undefined for a request that does not come from a page */
  admits(origin: string | undefined): boolean {
    if (origin === undefined || this.#origins === "*" || origin === this.#resource.origin) return true;
    if (this.#origins !== undefined) return this.#origins.has(origin);
    return (
      isLoopbackName(this.#resource.hostname) &&
      URL.canParse(origin) &&
      isLoopbackName(new URL(origin).hostname)
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

  /** Further headers for a browser's preflight request. */
  preflight(requested: string | undefined): Record<string, string> {
    // Clients may mirror arguments of tools in headers (Mcp-Param-…). The requested ones are allowed.
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
