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

const byFastifyCode: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "body_too_large",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "bad_request",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "bad_request",
  // QUERY (RFC 10008 §2), on whatever path.
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: "bad_request",
  ECONNRESET: "client_gone",
};

function refusalOf(error: FastifyError | LatchkeyError): LatchkeyError {
  if (error instanceof LatchkeyError) return error;
  if (error.validation !== undefined) {
    return new LatchkeyError("validation_error", {
      issues: issuesOf(error.validation, error.validationContext),
    });
  }
  const code = byFastifyCode[error.code];
  if (code !== undefined) return new LatchkeyError(code, { reason: error.code });
  return new LatchkeyError("internal_error", { cause: error });
}
