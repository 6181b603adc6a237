import { atFirstUse } from "../core/first-use.ts";
import type { EndpointParts, McpEndpoint } from "./endpoint.ts";

/**
 * The endpoint, loaded at its first request. The SDK costs time and memory that a server without tool calls saves. No
 * other file may import `endpoint.ts` at start.
 */
export function lazyMcpEndpoint(parts: EndpointParts): McpEndpoint {
  const open = atFirstUse(async () => (await import("./endpoint.ts")).createMcpEndpoint(parts));
  return async (request, caller) => (await open())(request, caller);
}
