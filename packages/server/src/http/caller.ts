import { isIP } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../core/ports.ts";

/** Who sent a request. Where a trusted proxy forwards something that is no address, the proxy itself counts. */
export function callerOf(request: FastifyRequest): Caller {
  const address = isIP(request.ip) === 0 ? (request.raw.socket.remoteAddress ?? "") : request.ip;
  return { address: address.replace(mappedIpv4, ""), requestId: request.id };
}

/** What a socket that takes IPv6 as well puts before an IPv4 address (RFC 4291 §2.5.5.2). */
const mappedIpv4 = /^::ffff:(?=\d+\.)/i;

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
