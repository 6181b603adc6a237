import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { type ErrorCode, LatchkeyError } from "../core/errors.ts";
import type { HttpLog } from "./http-log.ts";
import { issuesOf, summaryOf } from "./issues.ts";

/** The body of an error: both published clients find their field in it, and `code` is for everyone else. */
export function errorBody(error: LatchkeyError): string {
  const { code, issues, message } = error;
  if (issues === undefined) return JSON.stringify({ detail: message, message, code });
  return JSON.stringify({ detail: issues, message: summaryOf(issues), code });
}

/** Turns whatever was thrown into the answer for the caller and the line for the log. */
export function errorHandler(log: HttpLog) {
  return (
    error: FastifyError | LatchkeyError,
    request: FastifyRequest,
    reply: FastifyReply,
  ): FastifyReply => {
    const refusal = refusalOf(error);
    log.refused(request, refusal);
    return sendError(reply, refusal);
  };
}

declare module "fastify" {
  interface FastifyReply {
    /** What the answer refuses with; null where it does not. */
    refusal: ErrorCode | null;
  }
}

/** Answers with an error. */
export function sendError(reply: FastifyReply, error: LatchkeyError): FastifyReply {
  reply.refusal = error.code;
  if (error.status === 401) reply.header("www-authenticate", challenge(error));
  if (error.retryAfter !== undefined) reply.header("retry-after", String(error.retryAfter));
  if (error.limit !== undefined) {
    const { policy, quota, windowSeconds } = error.limit;
    reply.header("ratelimit-policy", `"${policy}";q=${quota};w=${windowSeconds}`);
    reply.header("ratelimit", `"${policy}";r=0;t=${error.retryAfter ?? windowSeconds}`);
  }
  return reply.code(error.status).type("application/json; charset=utf-8").send(errorBody(error));
}

/** Refusals of calls that brought no access token. */
const withoutToken: ReadonlySet<ErrorCode> = new Set([
  "invalid_credentials",
  "missing_token",
  "invalid_guard_key",
  "invalid_metrics_key",
]);

/** RFC 6750 §3: only a token that was sent can be told to be bad. */
function challenge({ code, message }: LatchkeyError): string {
  if (withoutToken.has(code)) return "Bearer";
  return `Bearer error="invalid_token", error_description="${message}"`;
}

/** Codes for errors that name a 4xx status. Every other 4xx is `bad_request`. */
const byStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [403, "forbidden"],
  [404, "not_found"],
  [405, "method_not_allowed"],
  [408, "request_timeout"],
  [413, "body_too_large"],
  [414, "uri_too_long"],
  [431, "headers_too_large"],
]);

/** An error with a 4xx status is a refusal, whether Fastify or a plugin threw it. All others are the server's fault. */
function refusalOf(error: FastifyError | LatchkeyError): LatchkeyError {
  if (error instanceof LatchkeyError) return error;
  if (error.validation !== undefined) {
    return new LatchkeyError("validation_error", {
      issues: issuesOf(error.validation, error.validationContext),
    });
  }
  const { code, name, statusCode = 500 } = error;
  if (code === "ECONNRESET") return new LatchkeyError("client_gone", { reason: code });
  if (statusCode >= 400 && statusCode < 500) {
    return new LatchkeyError(byStatus.get(statusCode) ?? "bad_request", { reason: code ?? name });
  }
  return new LatchkeyError("internal_error", { cause: error });
}
