import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * Headers for every answer: nothing is cached, framed, sniffed or referred to unless a route says
 * otherwise.
 *
 * @param issuer the public address; where it is https, browsers are told to stay there
 */
export function securityHeadersOf(issuer: string): Readonly<Record<string, string>> {
  return {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...(issuer.startsWith("https:") ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

/** Puts them on an answer, with the request's id. @param issuer the public address */
export function securityHeaders(issuer: string) {
  const headers = securityHeadersOf(issuer);
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.headers(headers).header("x-request-id", request.id);
}
