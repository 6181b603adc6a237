import { type HttpAnswer, jsonAnswer } from "./http-answer.ts";
import type { HttpPolicy } from "./http-policy.ts";

const wellKnown = "/.well-known/oauth-protected-resource";

/**
 * What tells clients where to get a token for an MCP endpoint (RFC 9728): at the well-known place with the
 * endpoint's path appended (§3.1), and at the one without, where some clients look.
 */
export class ProtectedResource {
  /** The endpoint's address, as configured. */
  readonly url: URL;
  /** Where its metadata is: for `WWW-Authenticate` (§5.1). */
  readonly metadataUrl: string;
  readonly #paths: ReadonlySet<string>;
  readonly #metadata: () => Readonly<Record<string, unknown>>;

  /** @throws {Error} where the policy names no address, or no issuer to get a token from */
  constructor({ resource, guard, authorizationServers, scopesSupported }: HttpPolicy) {
    this.url = endpoint(resource);
    const path = wellKnown + this.url.pathname.replace(/\/+$/, "");
    // Asked for every answer: a guard learns from its issuer whether the name has a closing slash.
    const issuers = () => authorizationServers ?? (guard.issuer === undefined ? [] : [guard.issuer]);
    if (issuers().length === 0)
      throw new Error("guardMcp: name authorizationServers: the guard has no issuer");
    this.metadataUrl = new URL(path, this.url.origin).href;
    this.#paths = new Set([wellKnown, path]);
    this.#metadata = () => ({
      resource,
      authorization_servers: [...issuers()],
      bearer_methods_supported: ["header"],
      ...(scopesSupported !== undefined && { scopes_supported: [...scopesSupported] }),
    });
  }

  /** The answer to a request for the metadata; undefined for any other. It is public: any page may read it. */
  answerTo(method: string, path: string): HttpAnswer | undefined {
    if (!this.#paths.has(path)) return undefined;
    const headers = { "access-control-allow-origin": "*" };
    switch (method) {
      case "GET":
        return jsonAnswer(200, this.#metadata(), { ...headers, "cache-control": "public, max-age=300" });
      case "HEAD":
        return { status: 200, headers: { ...headers, "content-type": "application/json" } };
      case "OPTIONS":
        return {
          status: 204,
          headers: {
            ...headers,
            "access-control-allow-methods": "GET, HEAD",
            "access-control-allow-headers": "authorization, mcp-protocol-version",
          },
        };
      default:
        return { status: 405, headers: { ...headers, allow: "GET, HEAD, OPTIONS" } };
    }
  }
}

function endpoint(resource: string): URL {
  const url = URL.canParse(resource) ? new URL(resource) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hash !== "" || url.search !== "") {
    throw new Error(`guardMcp: resource must be an http address without query: ${JSON.stringify(resource)}`);
  }
  return url;
}
