import type { FastifyInstance } from "fastify";
import { type AccessKeys, keyCheck } from "./access-keys.ts";
import { describeMetrics } from "./openapi-operations.ts";

/** The counter of answers. */
export interface RequestCounts {
  /** Shows an operation with zero answers. */
  begin(operation: string): void;
  /**
   * @param operation one of a fixed set of names
   * @param code `ok`, or the error code
   * @param seconds from the request to the end of the answer
   */
  count(operation: string, code: string, seconds: number): void;
}

/** The metrics, and the keys that may read them. */
export interface MetricsRouteOptions extends AccessKeys {
  readonly requests: RequestCounts;
  /** All metrics in Prometheus' text format. */
  readonly read: () => Promise<string>;
}

/** Serves the metrics for Prometheus (text format 0.0.4). */
export function metricsRoute(app: FastifyInstance, options: MetricsRouteOptions): void {
  const onRequest = keyCheck("invalid_metrics_key", options);
  app.get(
    "/metrics",
    { schema: describeMetrics(options), onRequest, exposeHeadRoute: false },
    async (_request, reply) =>
      reply.type("text/plain; version=0.0.4; charset=utf-8").send(await options.read()),
  );
}

/**
 * Counts every answer after it was sent. The labels come from the routes, so callers cannot create new ones. Call it
 * before the routes are added: each route shows its operation at once.
 */
export function countRequests(app: FastifyInstance, requests: RequestCounts): void {
  app.addHook("onRoute", ({ url }) => requests.begin(operationOf(url)));
  requests.begin(unrouted);
  const operations = new Map<string, string>();
  app.addHook("onResponse", (request, reply, done) => {
    const url = request.routeOptions.url ?? "";
    let operation = operations.get(url);
    if (operation === undefined) {
      operation = operationOf(url);
      operations.set(url, operation);
    }
    const plain = reply.statusCode < 400 ? "ok" : `status_${reply.statusCode}`;
    requests.count(operation, reply.refusal ?? plain, reply.elapsedTime / 1000);
    done();
  });
}

/** The operation of requests without a route. */
const unrouted = "other";

/** The name of a known route, or `other`. */
function operationOf(route: string): string {
  const [, operation] = /^(?:\/api\/v1)?\/auth\/(\w+)$/.exec(route) ?? [];
  if (operation !== undefined) return operation;
  const [, endpoint] = /^\/oauth\/(\w+)$/.exec(route) ?? [];
  if (endpoint !== undefined) return `oauth_${endpoint}`;
  const [, name] =
    /^\/(admin|revocations|metrics|mcp|health|\.well-known|openapi\.json|docs)/.exec(route) ?? [];
  return name?.replaceAll(/\W+/g, "_").replace(/^_/, "") ?? unrouted;
}
