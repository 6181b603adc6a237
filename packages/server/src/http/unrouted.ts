import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { LatchkeyError } from "../core/errors.ts";

const methods = ["GET", "HEAD", "POST", "DELETE"] as const;

/**
 * The methods that a path can be requested with; empty if no route takes it. `findRoute` matches a path against the
 * routes. `hasRoute` compiles its argument as a route pattern, so a path of a request must never reach it.
 */
export function methodsOf(app: FastifyInstance, path: string): readonly string[] {
  return methods.filter((method) => Boolean(app.findRoute({ url: path, method })));
}

/**
 * Refuses requests that no route takes: 405 with `Allow` if the path can be requested with another method, else 404.
 * The refusal comes before the body is read. A route that calls `callNotFound()` gets the same answer.
 */
export function refuseUnrouted(app: FastifyInstance): void {
  const refuse = (request: FastifyRequest, reply: FastifyReply): LatchkeyError => {
    const allowed = methodsOf(app, request.url);
    if (allowed.length === 0 || allowed.includes(request.method)) return new LatchkeyError("not_found");
    reply.header("allow", allowed.join(", "));
    return new LatchkeyError("method_not_allowed");
  };
  app.addHook("onRequest", (request, reply, done) => {
    done(request.is404 ? refuse(request, reply) : undefined);
  });
  app.setNotFoundHandler((request, reply) => {
    throw refuse(request, reply);
  });
}
