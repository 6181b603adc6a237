import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../core/audit-events.ts";
import { waitingCallerOf } from "./caller.ts";
import { resourceMetadataPath as metadata } from "./protected-resource.ts";

/** Handles requests for an endpoint of the built-in tools and for its metadata. */
type Endpoint = (request: Request, caller: Caller) => Promise<Response>;

/** The endpoints of the built-in tools, and their URL. */
export interface McpMount {
  /** `/mcp`: a request without a bearer header gets 401. */
  readonly endpoint: Endpoint;
  /** `/mcp/token-field`: each call may carry its token as an argument. */
  readonly tokenFieldEndpoint: Endpoint;
  /** The public URL of `/mcp`. */
  readonly resource: string;
}

/** Serves `/mcp`, `/mcp/token-field` and their protected-resource metadata (RFC 9728 §3.1). */
export function mcpRoute(app: FastifyInstance, mount: McpMount): void {
  const { resource } = mount;
  const { origin } = new URL(resource);
  const routes = [
    ["/mcp", mount.endpoint, resource],
    [metadata, mount.endpoint, `${origin}${metadata}`],
    [`${metadata}/mcp`, mount.endpoint, `${origin}${metadata}`],
    ["/mcp/token-field", mount.tokenFieldEndpoint, `${resource}/token-field`],
    [`${metadata}/mcp/token-field`, mount.tokenFieldEndpoint, `${origin}${metadata}`],
  ] as const;

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    endpoint: Endpoint,
    address: string,
  ): Promise<FastifyReply> {
    const caller = waitingCallerOf(request, reply);
    const { status, headers, body } = await endpoint(fetchRequest(request, address, caller.signal), caller);
    reply.code(status).headers(Object.fromEntries(headers));
    return request.method === "HEAD" || body === null ? reply.send() : reply.send(body);
  }

  for (const [path, endpoint, address] of routes) {
    app.route({
      method: ["GET", "POST", "DELETE", "OPTIONS"],
      url: path,
      schema: { hide: true },
      // The endpoint decides itself which web pages may call it.
      config: { cors: false },
      handler: (request, reply) => answer(request, reply, endpoint, address),
    });
  }
}

function fetchRequest(request: FastifyRequest, address: string, signal: AbortSignal): Request {
  const headers = new Headers();
  const { rawHeaders } = request.raw;
  // All of them: `headers` holds only the first of a header that was sent twice.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  }
  const { method, body } = request;
  const bytes = method === "POST" && body instanceof Uint8Array ? new Uint8Array(body) : undefined;
  return new Request(address, { method, headers, signal, ...(bytes && { body: bytes }) });
}
