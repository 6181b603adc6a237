import { setFlagsFromString } from "node:v8";
import { atFirstUse } from "../core/first-use.ts";
import type { EndpointParts, McpEndpoint } from "./endpoint.ts";

/**
 * The endpoint, loaded at its first request. The SDK costs time and memory that a server without tool calls saves. No
 * other file may import `endpoint.ts` at start.
 */
export function lazyMcpEndpoint(parts: EndpointParts): McpEndpoint {
  const open = atFirstUse(async () => {
    const { createMcpEndpoint } = await import("./endpoint.ts");
    boundHeap();
    return createMcpEndpoint(parts);
  });
  return async (request, caller) => (await open())(request, caller);
}

/**
 * Makes V8 collect the whole heap when it is half larger than its live part, and not only at four times. Each call makes
 * a server of the SDK, and calls under way together outlive the young generation.
 *
 * A changed flag invalidates compiled code that is loaded later, so no start may set it: Node's own modules would be
 * compiled anew.
 */
function boundHeap(): void {
  setFlagsFromString("--heap-growing-percent=50");
}
