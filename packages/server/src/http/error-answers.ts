import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { type ErrorCode, LatchkeyError } from "../core/errors.ts";
import { WeakPassword } from "../core/passwords/password-problem.ts";
import {
  descriptionOf,
  isForOAuth,
  type OAuthError,
  oauthChallenge,
  oauthErrorOf,
} from "./oauth/oauth-errors.ts";
import { issuesOf, summaryOf } from "./request-input.ts";

/**
 * The body of an error. One published client reads `detail`, the other `message`; new clients read `code`. OAuth clients
 * read `error`.
 */
export function errorBody({ code, issues, message }: LatchkeyError, oauth?: OAuthError): string {
  const summary = issues === undefined ? message : summaryOf(issues);
  if (oauth === undefined) return JSON.stringify({ detail: issues ?? message, message: summary, code });
  const { error } = oauth;
  return JSON.stringify({
    error,
    error_description: descriptionOf(summary),
    detail: summary,
    message: summary,
    code,
  });
}

/** The methods of a log that the edge calls. */
export interface LogSink {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The ways of a scope of routes. */
interface ScopeErrors {
  /** Replaces a refusal by that of the scope. */
  readonly translated?: (refusal: LatchkeyError) => LatchkeyError;
  /** The metadata that leads a client to a token (RFC 9728 §5.1). Undefined if there is none. */
  readonly metadataUrl?: (request: FastifyRequest) => string | undefined;
}

/** Turns a thrown error into an answer and a log line. */
export function errorHandler(
  log: LogSink,
  { translated = (refusal) => refusal, metadataUrl }: ScopeErrors = {},
) {
  return (error: FastifyError | LatchkeyError, request: FastifyRequest, reply: FastifyReply) => {
    const refusal = translated(toLatchkeyError(error));
    logRefusal(log, request, refusal);
    return sendError(reply, refusal, metadataUrl?.(request));
  };
}

/**
 * Logs server errors as errors, outages as warnings, all others for debugging. Paths, queries, headers and bodies may
 * hold secrets and stay out.
 */
export function logRefusal(log: LogSink, { id, routeOptions }: FastifyRequest, error: LatchkeyError): void {
  const { code, status, reason, cause } = error;
  const fields = { requestId: id, route: routeOptions.url ?? null, status, code, reason };
  if (status === 500) log.error({ ...fields, err: cause }, "request failed");
  else if (code === "store_unavailable" || code === "provider_unavailable") {
    log.warn({ ...fields, err: cause }, "request refused");
  } else log.debug(fields, "request refused");
}

declare module "fastify" {
  interface FastifyReply {
    /** The error code of the answer. Null for a success. */
    refusal: ErrorCode | null;
  }
}

/** Answers with an error. @param metadataUrl the metadata that the challenge of a 401 names */
export function sendError(reply: FastifyReply, error: LatchkeyError, metadataUrl?: string): FastifyReply {
  const { request } = reply;
  const oauth = isForOAuth(request) ? oauthErrorOf(error) : undefined;
  if (error.status === 401) {
    const header = oauth === undefined ? challenge(error, metadataUrl) : oauthChallenge(error, request);
    if (header !== undefined) reply.header("www-authenticate", header);
  }
  return describeRefusal(reply, error)
    .code(oauth?.status ?? error.status)
    .type("application/json; charset=utf-8")
    .send(errorBody(error, oauth));
}

/** Sets the headers of a refusal that every form of its body shares. It is counted under its code. */
export function describeRefusal(reply: FastifyReply, error: LatchkeyError): FastifyReply {
  reply.refusal = error.code;
  if (error.retryAfter !== undefined) reply.header("retry-after", String(error.retryAfter));
  if (error.limit !== undefined) {
    const { policy, quota, windowSeconds } = error.limit;
    reply.header("ratelimit-policy", `"${policy}";q=${quota};w=${windowSeconds}`);
    reply.header("ratelimit", `"${policy}";r=0;t=${error.retryAfter ?? windowSeconds}`);
  }
  return reply;
}

/** Errors of requests without an access token. */
const withoutToken: ReadonlySet<ErrorCode> = new Set([
  "invalid_credentials",
  "missing_token",
  "invalid_guard_key",
  "invalid_metrics_key",
]);

/** RFC 6750 §3: the challenge names an error only if a token was sent. */
function challenge({ code, message }: LatchkeyError, metadataUrl: string | undefined): string {
  const parameters = [
    ...(withoutToken.has(code) ? [] : ['error="invalid_token"', `error_description="${message}"`]),
    ...(metadataUrl === undefined ? [] : [`resource_metadata="${metadataUrl}"`]),
  ];
  return parameters.length === 0 ? "Bearer" : `Bearer ${parameters.join(", ")}`;
}

/** Codes for the 4xx errors of Fastify and its plugins. Every other 4xx is `bad_request`. */
const byStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [403, "forbidden"],
  [404, "not_found"],
  [405, "method_not_allowed"],
  [408, "request_timeout"],
  [413, "body_too_large"],
  [414, "uri_too_long"],
  [431, "headers_too_large"],
]);

/** A 4xx of Fastify or a plugin is the client's fault. Any other foreign error is `internal_error`. */
export function toLatchkeyError(error: FastifyError | LatchkeyError): LatchkeyError {
  if (error instanceof LatchkeyError) return error;
  if (error instanceof WeakPassword) return error.refusal;
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
