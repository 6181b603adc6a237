import { type HttpAnswer, Refusal } from "../bearer.ts";
import type { Principal } from "../principal.ts";
import type { RequestCheck } from "./request-check.ts";
import { fromNode, type NodeRouteRequest } from "./route-request.ts";

/** A request of Express or of Node's HTTP server. */
export interface AnyExpressRequest extends NodeRouteRequest {
  /** The whole path. Inside a router Express shortens `url`. */
  readonly originalUrl?: string;
  principal?: Principal;
}

/** A response of Express or of Node's HTTP server. */
export interface AnyExpressResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body?: string): unknown;
}

/** Middleware for Express 4 and 5, and for other servers that call `(request, response, next)`. */
export type ExpressMiddleware<Request> = (
  request: Request,
  response: AnyExpressResponse,
  next: (error?: unknown) => void,
) => void;

/** Makes the middleware of `guard.express`. */
export function createExpressMiddleware<Request extends AnyExpressRequest>(
  check: RequestCheck<Request>,
): ExpressMiddleware<Request> {
  return (request, response, next) => {
    // Express 4 ignores a returned promise, so an error goes to `next`.
    check(request, fromNode(request, request.originalUrl))
      .then((found) => {
        if (found instanceof Refusal) answerNode(response, found);
        else request.principal = found;
        return found;
      })
      .then((found) => {
        if (!(found instanceof Refusal)) next();
      }, next);
  };
}

/** Sends an answer with a response of Node's HTTP server. */
export function answerNode(response: AnyExpressResponse, { status, headers, body }: HttpAnswer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}
