import { Refusal } from "../bearer.ts";
import type { Principal } from "../principal.ts";
import type { RequestCheck } from "./request-check.ts";
import { fromNode, type NodeRouteRequest } from "./route-request.ts";

/** The parts of a Fastify request that the guard reads and writes. */
export interface AnyFastifyRequest {
  readonly raw: NodeRouteRequest;
  readonly headers: NodeRouteRequest["headers"];
  readonly originalUrl: string;
  principal?: Principal;
}

/** The parts of a Fastify reply that the guard writes. */
export interface AnyFastifyReply {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(body: string): unknown;
}

/** A hook for `onRequest`, `preValidation` or `preHandler`. */
export type FastifyHook<Request> = (request: Request, reply: AnyFastifyReply) => Promise<unknown>;

/** Makes the hook of `guard.fastify`. */
export function createFastifyHook<Request extends AnyFastifyRequest>(
  check: RequestCheck<Request>,
): FastifyHook<Request> {
  return async (request, reply) => {
    const { raw, headers, originalUrl } = request;
    const incoming = fromNode({ method: raw.method, headers, rawHeaders: raw.rawHeaders }, originalUrl);
    const found = await check(request, incoming);
    if (found instanceof Refusal) {
      reply.code(found.status);
      reply.headers({ ...found.headers });
      // The returned reply tells Fastify to stop here.
      return reply.send(found.body);
    }
    request.principal = found;
    return undefined;
  };
}
