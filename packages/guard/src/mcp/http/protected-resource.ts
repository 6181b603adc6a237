import type { HttpAnswer, SignInHint } from "../../bearer.ts";
import { failureCooldown } from "../../issuer/discovery.ts";
import { underHost } from "../../support/loopback.ts";
import { type HttpRequest, jsonAnswer } from "./exchange.ts";
import type { HttpPolicy } from "./http-policy.ts";

const wellKnown = "/.well-known/oauth-protected-resource";

/**
 * The metadata that leads clients to a token for an MCP endpoint (RFC 9728). It is served at the well-known path with
 * the endpoint's path appended (§3.1). Some clients look at the well-known path alone, so it is served there too.
 *
 * Clients refuse metadata of another resource than the one that they have dialled (§3.3). So on this machine it follows
 * the loopback name in `Host`. It never follows another name, which would let a caller choose the metadata.
 */
export class ProtectedResource {
  /** The endpoint's address, as configured. */
  readonly url: URL;
  readonly #metadataUrl: string;
  readonly #paths: ReadonlySet<string>;
  readonly #policy: HttpPolicy;

  /** @throws {Error} if the policy lacks a valid address, or an issuer */
  constructor(policy: HttpPolicy) {
    const { resource, guard, authorizationServers } = policy;
    this.url = endpoint(resource);
    const path = wellKnown + this.url.pathname.replace(/\/+$/, "");
    if (authorizationServers === undefined && guard.issuer === undefined)
      throw new Error("guardMcp: the guard has no issuer, so name one in authorizationServers");
    this.#metadataUrl = new URL(path, this.url.origin).href;
    this.#paths = new Set([wellKnown, path]);
    this.#policy = policy;
  }

  /** The sign-in hint of a refusal, under the name that the client has dialled. */
  hintFor({ host }: Pick<HttpRequest, "host">): SignInHint {
    return { metadataUrl: underHost(this.#metadataUrl, host), scopes: this.#policy.scopesSupported ?? [] };
  }

  async #metadata(host: string | undefined, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const { resource, scopesSupported = [] } = this.#policy;
    const issuers = await this.#authorizationServers().catch(() => undefined);
    if (issuers === undefined) {
      const problem = { error: "temporarily_unavailable", error_description: "The issuer cannot be reached" };
      return jsonAnswer(503, problem, {
        ...headers,
        "cache-control": "no-store",
        "retry-after": String(failureCooldown / 1000),
      });
    }
    // Clients fail on empty lists, so an empty one is left out.
    const metadata = {
      resource: underHost(resource, host),
      ...(issuers.length > 0 && { authorization_servers: issuers }),
      bearer_methods_supported: ["header"],
      ...(scopesSupported.length > 0 && { scopes_supported: scopesSupported }),
    };
    return jsonAnswer(200, metadata, { ...headers, "cache-control": "public, max-age=300" });
  }

  /** Read for every answer, because the guard learns the issuer's name and endpoints from its metadata. */
  async #authorizationServers(): Promise<readonly string[]> {
    const { guard, authorizationServers } = this.#policy;
    if (authorizationServers !== undefined) return authorizationServers;
    const issuer = guard.authorizationServer ? await guard.authorizationServer() : guard.issuer;
    return issuer === undefined ? [] : [issuer];
  }

  /** The answer to a request for the metadata, which any page may read. Undefined for any other request. */
  async answerTo({ method, path, host }: HttpRequest): Promise<HttpAnswer | undefined> {
    if (!this.#paths.has(path)) return undefined;
    const headers = { "access-control-allow-origin": "*" };
    switch (method) {
      case "GET":
        return this.#metadata(host, headers);
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
    throw new Error(
      `guardMcp: resource must be an http or https address without a query: ${JSON.stringify(resource)}`,
    );
  }
  return url;
}
