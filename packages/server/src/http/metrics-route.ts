import type { FastifyInstance, FastifyRequest } from "fastify";
import { createKeyCheck } from "./access-keys.ts";
import { describeMetrics } from "./operations.ts";

/** Where answers are counted. */
export interface RequestCounts {
  /**
   * @param operation what was asked for, one of a few words
   * @param code `ok`, or why it was refused
   * @param seconds from the request to the end of its answer
   */
  count(operation: string, code: string, seconds: number): void;
}

/** What monitoring is told, and who may ask. */
export interface MetricsFeed {
  readonly requests: RequestCounts;
  /** All figures, in Prometheus' text format. */
  readonly read: () => string;
  readonly keys: readonly string[];
  /** Whether server and issuer are at a loopback address. */
  readonly local: boolean;
}

/** The figures of the server, for Prometheus (text format 0.0.4). */
export function metricsRoute(app: FastifyInstance, { read, keys, local }: MetricsFeed): void {
  const assertMonitor = createKeyCheck({ keys, local, code: "invalid_metrics_key" });
  const onRequest = async (request: FastifyRequest) => assertMonitor(request);
  app.get(
    "/metrics",
    { schema: describeMetrics({ local }), onRequest, exposeHeadRoute: false },
    (_request, reply) => reply.type("text/plain; version=0.0.4; charset=utf-8").send(read()),
  );
}

/** Counts every answer once it was sent, by what was asked for: never by anything that a caller chose. */
export function countRequests(app: FastifyInstance, requests: RequestCounts): void {
  const operations = new Map<string, string>();
  app.addHook("onResponse", (request, reply, done) => {
    const url = request.routeOptions.url ?? "";
    let operation = operations.get(url);
    if (operation === undefined) {
      operation = operationOf(url);
      operations.set(url, operation);
    }
    requests.count(operation, reply.refusal ?? plainCode(reply.statusCode), reply.elapsedTime / 1000);
    done();
  });
}

/** The last name of a route of ours; all that is no route is one. */
function operationOf(route: string): string {
  const [, operation] = /^(?:\/api\/v1)?\/auth\/(\w+)$/.exec(route) ?? [];
  if (operation !== undefined) return operation;
  const [, name] = /^\/(revocations|metrics|mcp|health|\.well-known|openapi\.json|docs)/.exec(route) ?? [];
  return name?.replaceAll(/\W+/g, "_").replace(/^_/, "") ?? "other";
}

/** Answers that are not the error table's, such as those of the server's own tools. */
function plainCode(status: number): string {
  return status < 400 ? "ok" : `status_${status}`;
}
