import type { FastifyReply, FastifyRequest } from "fastify";
import { AnswerWithDefaults, HeaderLines, sendsDefaults } from "./default-headers.ts";

/** The options of the security headers. */
export interface HeaderOptions {
  /** The public URL. If it is https, HSTS keeps browsers on https. */
  readonly issuer: string;
  /** Whether HSTS includes its subdomains. */
  readonly hstsSubdomains: boolean;
}

/** Headers of every answer. They forbid caching, framing, sniffing and referrers, unless a route replaces them. */
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

/** Sets the security headers and the request's id on an answer. */
export function securityHeaders(options: HeaderOptions) {
  const headers = securityHeadersOf(options);
  const lines = new HeaderLines(headers);
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { raw } = reply;
    if (!(raw instanceof AnswerWithDefaults) || !sendsDefaults)
      return reply.headers(headers).header("x-request-id", request.id);
    raw.defaults = lines;
    raw.requestId = request.id;
    return reply;
  };
}

/** CORS for pages of these origins. */
export function corsOptions(origins: readonly string[]) {
  return {
    origin: origins.includes("*") ? "*" : [...origins],
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowedHeaders: [
      "Authorization",
      "Content-Type",
      "X-Request-Id",
      "If-Match",
      "If-None-Match",
      "Idempotency-Key",
    ],
    exposedHeaders: [
      "Retry-After",
      "RateLimit",
      "RateLimit-Policy",
      "WWW-Authenticate",
      "X-Request-Id",
      "ETag",
    ],
    maxAge: 600,
  };
}
