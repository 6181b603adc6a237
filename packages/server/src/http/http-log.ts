import type { FastifyRequest } from "fastify";
import type { LatchkeyError } from "../core/errors.ts";

/** What the edge needs of a log. */
export interface LogSink {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Tells of requests by route, status and reason. Paths, queries, headers and bodies can hold secrets: none is told. */
export interface HttpLog {
  refused(request: FastifyRequest, error: LatchkeyError): void;
}

export function httpLog(sink: LogSink): HttpLog {
  return {
    refused(request, { code, status, reason, cause }) {
      const fields = { requestId: request.id, route: request.routeOptions.url ?? null, status, code, reason };
      if (status === 500) sink.error({ ...fields, err: cause }, "request failed");
      else if (code === "store_unavailable" || code === "provider_unavailable") {
        sink.warn({ ...fields, err: cause }, "request refused");
      } else sink.debug(fields, "request refused");
    },
  };
}
