import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../core/audit-events.ts";
import { waitingCallerOf } from "./caller.ts";

/** The endpoint of the built-in tools, and its URL. */
export interface McpMount {
  /** Handles requests for the endpoint and its metadata. */
  readonly endpoint: (request: Request, caller: Caller) => Promise<Response>;
  /** The endpoint's public URL. */
  readonly resource: string;
}

const metadata = "/.well-known/oauth-protected-resource";

/** Serves `/mcp` and its protected-resource metadata (RFC 9728 §3.1). */
export function mcpRoute(app: FastifyInstance, { endpoint, resource }: McpMount): void {
  const { origin } = new URL(resource);
  const routes = [
    ["/mcp", resource],
    [metadata, `${origin}${metadata}`],
    [`${metadata}/mcp`, `${origin}${metadata}`],
  ] as const;

  async function answer(request: FastifyRequest, reply: FastifyReply, address: string) {
    const caller = waitingCallerOf(request, reply);
    const { status, headers, body } = await endpoint(fetchRequest(request, address, caller.signal), caller);
    reply.code(status).headers(Object.fromEntries(headers));
    return request.method === "HEAD" || body === null ? reply.send() : reply.send(body);
  }

  for (const [path, address] of routes) {
    app.route({
      method: ["GET", "POST", "DELETE", "OPTIONS"],
      url: path,
      schema: { hide: true },
      // The endpoint decides itself which web pages may call it.
      config: { cors: false },
      handler: (request, reply) => answer(request, reply, address),
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
