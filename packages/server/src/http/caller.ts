import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { bearerIn } from "@latchkey/guard/bearer";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../core/audit-events.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** IP address of the caller, see `client-addresses.ts`. */
    readonly clientAddress: string;
  }
}

/** The caller of a request, for the audit trail and the throttle. */
export function callerOf(request: FastifyRequest): Caller {
  return { address: request.clientAddress, requestId: request.id };
}

/** The caller, with a signal that is aborted if the caller disconnects before the answer. */
export function waitingCallerOf(request: FastifyRequest, reply: FastifyReply) {
  const hangUp = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) hangUp.abort();
  });
  return { ...callerOf(request), signal: hangUp.signal };
}

/** The bearer token of a request. Undefined without a token, or with another scheme. */
export function bearerOf({ headers }: FastifyRequest): string | undefined {
  // `headers` is a plain object. A member that it inherits was not sent.
  return Object.hasOwn(headers, "authorization") ? bearerIn(headers.authorization) : undefined;
}

/**
 * Creates the ids of requests for the log and the audit trail. A request from a trusted proxy keeps its `X-Request-Id`
 * if that is short and plain. Other callers cannot choose the text in the audit trail.
 */
export function requestIds(isFromProxy: (request: IncomingMessage) => boolean) {
  const process = randomBytes(6).toString("base64url").replaceAll("_", "-");
  let requests = 0;
  return (request: IncomingMessage): string => {
    const given = request.headers["x-request-id"];
    if (typeof given === "string" && /^[\w.-]{1,64}$/.test(given) && isFromProxy(request)) return given;
    return `${process}-${(requests++).toString(36)}`;
  };
}
