import type { FastifyRequest } from "fastify";

/**
 * Whether a form was sent by a page of this server (login CSRF, RFC 6749 §10.12). A browser names the origin of the
 * page in `Origin`. Some hide it; then `Sec-Fetch-Site` decides, which no page can forge.
 *
 * @param origin this server's public origin. A page under a foreign name that leads here has another one
 */
export function isOwnForm({ headers }: Pick<FastifyRequest, "headers">, origin: string): boolean {
  const sent = Object.hasOwn(headers, "origin") ? headers.origin : undefined;
  if (sent !== undefined && sent !== "null") return sent === origin;
  return Object.hasOwn(headers, "sec-fetch-site") && headers["sec-fetch-site"] === "same-origin";
}
