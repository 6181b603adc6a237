import type { Rule } from "../rules/allow.ts";
import type { Verifier } from "../verifier.ts";
import {
  type AnyExpressRequest,
  createExpressMiddleware,
  type ExpressMiddleware,
} from "./express-middleware.ts";
import { type AnyFastifyRequest, createFastifyHook, type FastifyHook } from "./fastify-hook.ts";
import { createFetchHandler, type GuardedFetch, type GuardedHandler } from "./fetch-handler.ts";
import { type AnyHonoContext, createHonoMiddleware, type HonoMiddleware } from "./hono-middleware.ts";
import { createRequestCheck, type GivenRule } from "./request-check.ts";
import type { RouteOptions } from "./route-options.ts";

/**
 * The guard in front of routes. Without a rule it admits every signed-in user; with a rule, the users that the
 * rule allows. A refused request gets 401, 403 or 503 (RFC 6750 §3), and no handler runs. Each function throws
 * {TypeError} if its argument is not a rule, also for `undefined`.
 */
export interface RouteGuards {
  /**
   * A hook for Fastify: `onRequest`, or `preHandler` for rules that read the body. The request then has a
   * `principal`; `import "@latchkey/guard/fastify"` declares its type. A rule receives the request.
   *
   * @example app.delete("/notes", { onRequest: guard.fastify(allow.roles("admin")) }, removeAll);
   */
  fastify(): FastifyHook<AnyFastifyRequest>;
  fastify<Request extends AnyFastifyRequest>(rule: Rule<Request>): FastifyHook<Request>;
  /**
   * Middleware for Express 4 and 5. The request then has a `principal`;
   * `import "@latchkey/guard/express"` declares its type. A rule receives the request.
   *
   * @example app.delete("/notes", guard.express(allow.roles("admin")), removeAll);
   */
  express(): ExpressMiddleware<AnyExpressRequest>;
  express<Request extends AnyExpressRequest>(rule: Rule<Request>): ExpressMiddleware<Request>;
  /**
   * A fetch handler, for workers, Deno, Bun and other platforms with `Request` and `Response`. The handler
   * receives the request, the principal, and the platform's further arguments. The request keeps its
   * `Authorization` header. A rule receives the same request, and must clone it before it reads the body.
   *
   * @example export default { fetch: guard.fetch((request, { principal }) => notesOf(principal.userId)) };
   */
  fetch<Sent extends Request, Rest extends readonly unknown[]>(
    handler: GuardedHandler<Sent, Rest>,
  ): GuardedFetch<Sent, Rest>;
  fetch<Sent extends Request, Rest extends readonly unknown[]>(
    handler: GuardedHandler<Sent, Rest>,
    rule: Rule<Request>,
  ): GuardedFetch<Sent, Rest>;
  /**
   * Middleware for Hono, in an app made with `new Hono<{ Variables: { principal: Principal } }>()`. A rule
   * receives Hono's context.
   *
   * @example app.delete("/notes", guard.hono(allow.roles("admin")), removeAll);
   */
  hono(): HonoMiddleware<AnyHonoContext>;
  hono<Context extends AnyHonoContext>(rule: Rule<Context>): HonoMiddleware<Context>;
}

/** Makes the functions that guard routes. @param guard checks the tokens */
export function createRouteGuards(guard: Pick<Verifier, "verify">, options: RouteOptions = {}): RouteGuards {
  const checkBy = <Request>(rule: GivenRule<Request>) => createRequestCheck(guard, options, rule);
  return {
    fastify: <Request extends AnyFastifyRequest>(...rule: GivenRule<Request>) =>
      createFastifyHook(checkBy(rule)),
    express: <Request extends AnyExpressRequest>(...rule: GivenRule<Request>) =>
      createExpressMiddleware(checkBy(rule)),
    fetch: <Sent extends Request, Rest extends readonly unknown[]>(
      handler: GuardedHandler<Sent, Rest>,
      ...rule: GivenRule<Request>
    ) => createFetchHandler(checkBy(rule), handler),
    hono: <Context extends AnyHonoContext>(...rule: GivenRule<Context>) =>
      createHonoMiddleware(checkBy(rule)),
  };
}
