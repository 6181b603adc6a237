import type { EndpointParts, McpEndpoint } from "./endpoint.ts";

/**
 * The endpoint, loaded at its first request: the SDK takes time and memory that a server whose tools nobody
 * calls need not spend.
 */
export function lazyMcpEndpoint(parts: EndpointParts): McpEndpoint {
  let endpoint: Promise<McpEndpoint> | undefined;
  return async (request, caller) => {
    endpoint ??= import("./endpoint.ts").then(({ createMcpEndpoint }) => createMcpEndpoint(parts));
    return (await endpoint)(request, caller);
  };
}
