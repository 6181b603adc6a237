import type { McpMount } from "../http/mcp-route.ts";
import type { AdminToolParts } from "../mcp/admin-tools.ts";
import type { EndpointParts } from "../mcp/endpoint.ts";
import { lazyMcpEndpoint } from "../mcp/lazy-endpoint.ts";
import type { Foundation, Keys } from "./keys.ts";

/** The parts that the built-in tools are composed with. */
export interface ToolParts
  extends Pick<Foundation, "config" | "issuer" | "log">,
    Pick<EndpointParts, "userOf" | "ownSessions" | keyof AdminToolParts> {
  readonly keys: Keys;
}

/** Composes the endpoints of the built-in tools. Undefined if they are off. */
export function composeTools({ config, issuer, keys, ...stories }: ToolParts): McpMount | undefined {
  if (config.mcp !== "on") return undefined;
  const { mcpResource: resource } = keys;
  const parts = { ...stories, origins: originsOf(config.corsOrigins) };
  return {
    endpoint: lazyMcpEndpoint({
      ...parts,
      guard: keys.mcpGuard,
      resource,
      withoutBearer: "challenge",
      authorizationServers: config.oauth === "on" ? [issuer] : [],
    }),
    // For tokens of `/auth/login`. An OAuth client never starts its flow here, so the metadata names no server.
    tokenFieldEndpoint: lazyMcpEndpoint({
      ...parts,
      guard: keys.guard,
      resource: `${resource}/token-field`,
      withoutBearer: "field",
      authorizationServers: [],
    }),
    resource,
  };
}

/** Origins of web pages that may call the tools. Undefined leaves the choice to the guard: pages of this machine. */
function originsOf(allowed: readonly string[]): readonly string[] | "*" | undefined {
  if (allowed.length === 0) return undefined;
  return allowed.includes("*") ? "*" : allowed;
}
