import type { EndpointParts, McpEndpoint } from "./endpoint.ts";

/**
 * The endpoint, loaded at its first request. The SDK costs time and memory that a server without tool calls saves. No
 * other file may import `endpoint.ts` at start.
 */
export function lazyMcpEndpoint(parts: EndpointParts): McpEndpoint {
  let endpoint: Promise<McpEndpoint> | undefined;
  return async (request, caller) => {
    endpoint ??= import("./endpoint.ts").then(({ createMcpEndpoint }) => createMcpEndpoint(parts));
    return (await endpoint)(request, caller);
  };
}
