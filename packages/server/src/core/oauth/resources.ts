import type { AuditEvent } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import { powers } from "../people/powers.ts";
import { comparableOriginOf, comparableUrl, isLoopbackUrl } from "./resource-urls.ts";

/** An API or MCP server that access tokens can be for, named by its URL (RFC 8707 §2). */
export interface Resource {
  /** Its canonical URL: the `aud` of its tokens. */
  readonly url: string;
  /** A name for people. Default: its URL. */
  readonly name: string | null;
  /** The scopes that clients may ask for. Others are dropped. */
  readonly scopes: readonly string[];
  /** Whether clients may ask for any scope: a resource on this machine that nobody added. */
  readonly anyScope?: true;
  /**
   * Whether a request for unknown scopes alone gets `invalid_scope`: the administration, where all scopes are all
   * powers. Elsewhere it gets all scopes, because several clients of MCP servers always send unknown ones.
   */
  readonly refusesUnknownScopes?: true;
  /** Whether it is `/mcp` of this server. Roles decide there, so the page says what a client gets. */
  readonly ownTools?: true;
}

/** A resource that the operator added. */
export interface RegisteredResource extends Resource {
  readonly createdAt: number;
}

/** The table of resources that the operator added. Every change is durable when its promise resolves. */
export interface RegisteredResources {
  /** All of them, by URL: there are few. */
  list(): Promise<RegisteredResource[]>;
  /** Adds a resource, or replaces its name and scopes. */
  put(resource: RegisteredResource, event: AuditEvent): Promise<void>;
  /** @returns false if there is one with this URL */
  add(resource: RegisteredResource, event: AuditEvent): Promise<boolean>;
  /**
   * Replaces name and scopes.
   *
   * @param seen the resource as its author has read it. Default: any state will do
   * @returns false if it is unknown, or is not as it was seen
   */
  replace(
    resource: RegisteredResource,
    event: AuditEvent,
    seen?: RegisteredResource | undefined,
  ): Promise<boolean>;
  /** @returns false if it is unknown, or is not as it was seen */
  remove(url: string, event: AuditEvent, seen?: RegisteredResource | undefined): Promise<boolean>;
}

/** The resource of the administration over HTTP. */
export function administrationOf(issuer: string): string {
  return `${issuer}/admin/v1`;
}

/** Finds the resource that a request is for. */
export interface Resources {
  /**
   * The resource of a request, by its canonical URL.
   *
   * @param asked the parameter `resource`; undefined for the default resource
   * @throws {LatchkeyError} `invalid_target` if no resource has this URL
   */
  named(asked: string | undefined): Promise<Resource>;
}

/** The resources of the settings, and the table. */
export interface ResourceParts {
  readonly issuer: string;
  /** Whether `/mcp` is served. */
  readonly mcp: boolean;
  /** The audiences of the settings. Those that are URLs are resources. */
  readonly audience: readonly string[];
  /** The default resource of the settings. */
  readonly fallback: string | undefined;
  readonly registered: Pick<RegisteredResources, "list">;
}

/**
 * The resources of a server: its own `/mcp`, the audiences of the settings, and the operator's. If the issuer is a
 * loopback address, every other server on this machine is a resource too: a developer adds none.
 */
export function createResources(parts: ResourceParts): Resources {
  const { issuer, mcp, audience, fallback, registered } = parts;
  // Never the default of a client. An entry of the table with its URL does not change its scopes.
  const administration: Resource = {
    url: administrationOf(issuer),
    name: null,
    scopes: powers,
    refusesUnknownScopes: true,
  };
  const administrationUrl = comparableUrl(administration.url);
  const tools = mcp ? `${issuer}/mcp` : undefined;
  const configured = [...(tools ? [tools] : []), ...audience, ...(fallback ? [fallback] : [])];
  const [first] = configured.filter((url) => comparableUrl(url) !== undefined);
  const own = comparableUrl(issuer);
  const resource = (url: string, { name, scopes }: Pick<Resource, "name" | "scopes">): Resource => ({
    url,
    name,
    scopes,
    ...(url === tools && { ownTools: true }),
  });

  /** The known resources by their comparable URLs. A name and scopes come from the table. */
  async function read(): Promise<Map<string, Resource>> {
    const known = new Map<string, Resource>();
    for (const url of configured) {
      const comparable = comparableUrl(url);
      if (comparable !== undefined && !known.has(comparable))
        known.set(comparable, resource(url, { name: null, scopes: [] }));
    }
    for (const added of await registered.list()) {
      const comparable = comparableUrl(added.url) ?? added.url;
      known.set(comparable, resource(known.get(comparable)?.url ?? added.url, added));
    }
    return known;
  }

  return {
    async named(asked = fallback ?? first) {
      const comparable = asked === undefined ? undefined : comparableUrl(asked);
      if (asked === undefined || comparable === undefined) throw unknownTarget("no resource, or not a URL");
      if (comparable === administrationUrl) return administration;
      const known = await read();
      const found = known.get(comparable) ?? onlyOneAt(comparable, known);
      if (found !== undefined) return found;
      if (
        isLoopbackUrl(issuer) &&
        isLoopbackUrl(asked) &&
        comparableOriginOf(asked) !== comparableOriginOf(own ?? issuer)
      )
        return { url: asked.replace(/^([^/]*\/\/[^/]+)\/$/, "$1"), name: null, scopes: [], anyScope: true };
      throw unknownTarget("unknown resource");
    },
  };
}

/** The one known resource at an origin, for a client that sends the origin alone. */
function onlyOneAt(comparable: string, known: ReadonlyMap<string, Resource>): Resource | undefined {
  if (comparableOriginOf(comparable) !== comparable) return undefined;
  const there = [...known].filter(([url]) => comparableOriginOf(url) === comparable);
  return there.length === 1 ? there[0]?.[1] : undefined;
}

function unknownTarget(reason: string): LatchkeyError {
  return new LatchkeyError("invalid_target", { reason });
}
