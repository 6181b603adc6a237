import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

declare module "fastify" {
  interface FastifyContextConfig {
    /** False: LATCHKEY_CORS_ORIGINS does not apply to the route. It decides itself which web pages may call it. */
    readonly cors?: boolean;
  }
}

/** How long a browser keeps the answer to a preflight, in seconds. */
const preflightAge = 600;

/** Headers that a page reads besides the body. */
const exposed = "Retry-After, WWW-Authenticate, X-Request-Id";

/** Settings of a route that every web page may call. The list of LATCHKEY_CORS_ORIGINS does not apply to it. */
export const openRoute = { cors: false } as const;

/**
 * Admits the pages of every origin, without credentials (WHATWG Fetch §3.2). Clients in a browser need it. A page gains
 * nothing by it: no route of this scope reads a cookie, and a program reaches them anyway.
 */
export function admitEveryOrigin(_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header("access-control-allow-origin", "*").header("access-control-expose-headers", exposed);
  done();
}

/** Serves the preflight of a path. */
export function preflightRoute(app: FastifyInstance, url: string, method: "GET" | "POST"): void {
  const options = { schema: { hide: true }, config: openRoute, onRequest: admitEveryOrigin };
  app.options(url, options, (_request, reply) =>
    reply
      .code(204)
      .headers({
        "access-control-allow-methods": method,
        "access-control-allow-headers": "authorization, content-type, mcp-protocol-version",
        "access-control-max-age": String(preflightAge),
      })
      .send(),
  );
}
