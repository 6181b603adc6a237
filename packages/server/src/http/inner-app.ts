import type { IncomingMessage } from "node:http";
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  HTTPMethods,
  RouteOptions,
} from "fastify";
import { LatchkeyError } from "../core/errors.ts";
import { atFirstUse } from "../core/first-use.ts";
import { createInnerApp, type Outer, type Refusal } from "./create-inner-app.ts";
import { assertSameRoutes, type InnerPaths, type RealRoutes, routeKey } from "./inner-routes.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The whole schema of a method of the route, for the document, if its own schema has the input alone. */
    readonly describe?: (
      method: HTTPMethods,
    ) => FastifySchema | undefined | Promise<FastifySchema | undefined>;
  }
}

/** Routes whose code is loaded at the first request. */
export interface InnerApp {
  /** The path of each route, with its methods. `HEAD` is one of them. */
  readonly paths: InnerPaths;
  /** The settings of the routes that hooks of the outer app read. */
  readonly config?: FastifyContextConfig;
  /** Adds the routes. It may import their code. */
  readonly open: (inner: FastifyInstance) => Promise<void>;
  /** Whether the document describes the routes. Reading it opens the inner app then. Default: false. */
  readonly isDocumented?: true;
  /** Answers a failed request. Default: as the outer app does. */
  readonly refuse?: (error: Refusal, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
  /** Whether each `OPTIONS` is refused like a method without a route. Default: the inner app answers it. */
  readonly refusesPreflights?: true;
  /** Whether the inner app has routes of another form than the paths. They are not compared. Default: false. */
  readonly hasOtherRoutes?: true;
}

/**
 * Adds routes that a start does not pay for. The app has their paths alone. Its hooks run first: host check, CORS,
 * request id, log and metrics. Then an inner app, loaded at the first request, gets the raw request. A failed load is
 * tried again by the next request.
 *
 * The inner app answers refusals of the outer hooks too, because a scope of routes may have its own form of errors.
 *
 * @param app a scope with the compiler of schemas for the inner routes
 */
export function addInnerApp(app: FastifyInstance, parts: InnerApp): void {
  const { paths, config = {} } = parts;
  const outers = new WeakMap<IncomingMessage, Outer>();
  /** Requests that have opened the inner app, or tried to. */
  const tried = new WeakSet<IncomingMessage>();
  const open = atFirstUse(async () => {
    const routes: RealRoutes = new Map();
    const inner = createInnerApp(app, outers);
    inner.setErrorHandler(parts.refuse ?? app.errorHandler);
    inner.addHook("onRoute", (route) => {
      for (const method of [route.method].flat()) routes.set(routeKey(method, route.url), route);
    });
    await parts.open(inner);
    await inner.ready();
    if (!parts.hasOtherRoutes) assertSameRoutes(paths, routes);
    return { inner, routes };
  });

  async function handOver(request: FastifyRequest, reply: FastifyReply, refused?: Refusal) {
    const { raw } = request;
    tried.add(raw);
    const { inner } = await open();
    // A body that will never come would be waited for.
    const refusal = refused ?? (hasLeft(raw) ? new LatchkeyError("client_gone") : undefined);
    outers.set(raw, { request, reply, refusal });
    reply.hijack();
    inner.routing(raw, reply.raw);
  }

  /** Answers a refusal of an outer hook, or the failure of a load. */
  async function refuse(error: Refusal, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    // The load failed. If another one succeeded now, a working app would answer with that failure.
    if (tried.has(request.raw)) throw error;
    try {
      await handOver(request, reply, error);
    } catch {
      throw error;
    }
  }

  async function describe(method: HTTPMethods, url: string): Promise<FastifySchema | undefined> {
    const route = (await open()).routes.get(routeKey(method, url));
    return route?.config?.describe?.(method) ?? route?.schema;
  }

  // One route for all methods of a path that are treated alike: each costs the start a tenth of a millisecond.
  for (const [url, methods] of Object.entries(paths)) {
    const isRefused = (method: HTTPMethods) => method === "OPTIONS" && parts.refusesPreflights === true;
    const passed = methods.filter((method) => !isRefused(method));
    // Before the body is read, because the inner app reads it.
    if (passed.length > 0) add(url, passed, { onRequest: (request, reply) => handOver(request, reply) });
    const refused = methods.filter(isRefused);
    if (refused.length > 0) add(url, refused, {});
  }

  function add(url: string, method: HTTPMethods[], hooks: Pick<RouteOptions, "onRequest">): void {
    app.route({
      method,
      url,
      exposeHeadRoute: false,
      ...(parts.isDocumented
        ? { config: { ...config, describe: (described) => describe(described, url) } }
        : { config, schema: { hide: true } }),
      ...hooks,
      errorHandler: refuse,
      handler: (_request, reply) => reply.callNotFound(),
    });
  }
}

/** Whether the client left before the end of its request. A request without a body has ended by now. */
function hasLeft(raw: IncomingMessage): boolean {
  return raw.destroyed && !raw.readableEnded;
}
