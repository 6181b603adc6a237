import type { FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../core/audit-events.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The IP address of the caller, see `client-addresses.ts`. */
    readonly clientAddress: string;
  }
}

/** Who sent a request. */
export function callerOf(request: FastifyRequest): Caller {
  return { address: request.clientAddress, requestId: request.id };
}

/** The same, with a signal that is aborted when the caller hangs up before the answer. */
export function waitingCallerOf(
  request: FastifyRequest,
  reply: FastifyReply,
): Caller & { readonly signal: AbortSignal } {
  const hangUp = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) hangUp.abort();
  });
  return { ...callerOf(request), signal: hangUp.signal };
}

/** The bearer token of a request (RFC 6750 §2.1); undefined where there is none or another scheme's. */
export function bearerOf(request: FastifyRequest): string | undefined {
  const { headers } = request;
  // Node's headers are a plain object: a member that every object has was not sent.
  const header = Object.hasOwn(headers, "authorization") ? headers.authorization : undefined;
  if (header === undefined || header.slice(0, 7).toLowerCase() !== "bearer ") return undefined;
  return header.slice(7).trim() || undefined;
}
