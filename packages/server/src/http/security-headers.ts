import type { FastifyReply, FastifyRequest } from "fastify";

/** What the headers depend on. */
export interface HeaderOptions {
  /** The public address. If it is https, browsers are told to stay there. */
  readonly issuer: string;
  /** Whether they are told so for its subdomains as well. */
  readonly hstsSubdomains: boolean;
}

/** Headers for every answer: nothing is cached, framed, sniffed or referred to unless a route says otherwise. */
export function securityHeadersOf({
  issuer,
  hstsSubdomains,
}: HeaderOptions): Readonly<Record<string, string>> {
  const hsts = `max-age=31536000${hstsSubdomains ? "; includeSubDomains" : ""}`;
  return {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...(issuer.startsWith("https:") ? { "strict-transport-security": hsts } : {}),
  };
}

/** Puts them on an answer, with the request's id. */
export function securityHeaders(options: HeaderOptions) {
  const headers = securityHeadersOf(options);
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.headers(headers).header("x-request-id", request.id);
}
