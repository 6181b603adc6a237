import { type ErrorCode, type Issue, LatchkeyError } from "../core/errors.ts";
import { errorBody } from "./error-answers.ts";

/** The description and the codes of a refused token. */
export const tokenRefused = [
  "The token is invalid or expired, or its session has ended",
  "invalid_token",
  "token_expired",
  "token_revoked",
] as const;

/** A reference to a model by its `$id`. */
export const ref = (model: string) => ({ $ref: `${model}#` });

/** A response header. */
export const header = (description: string, type = "string") => ({ type, description });

/** Headers of every response. */
export const always = {
  "X-Request-Id": header("Id of this request in the log; a trusted proxy may set it"),
};

/** A response with a model, and an example of it. */
export function answer(description: string, model: string, value: unknown, cacheControl = "no-store") {
  return {
    description,
    headers: { ...always, "Cache-Control": header(cacheControl) },
    content: { "application/json": { schema: ref(model), examples: { example: { value } } } },
  };
}

/** The errors of one status, with an example of each. */
export function errors(description: string, headers: object, ...codes: readonly ErrorCode[]) {
  const examples = codes.map((code) => [code, { value: exampleOf(new LatchkeyError(code)) }] as const);
  return {
    description,
    headers: { ...always, ...headers },
    content: { "application/json": { schema: ref("ErrorResponse"), examples: Object.fromEntries(examples) } },
  };
}

const exampleOf = (error: LatchkeyError): unknown => JSON.parse(errorBody(error));

const challenged = {
  "WWW-Authenticate": header(
    'Bearer, with error="invalid_token" if a token was sent; below /admin/v1 with resource_metadata if OAuth is on',
  ),
};
/** The header of a 429 or 503. */
export const retryAfter = {
  "Retry-After": { ...header("Seconds to wait before the next attempt", "integer"), format: "int64" },
};
const limits = {
  "RateLimit-Policy": header('The limit that was reached: "name";q=failures;w=seconds'),
  RateLimit: header('The rest of that limit: "name";r=0;t=seconds'),
};

/** The refusals of credentials and permissions. */
export const unauthorized = (description: string, ...codes: readonly ErrorCode[]) => ({
  401: errors(description, challenged, ...codes),
  403: errors("Authenticated, but not allowed", {}, "forbidden"),
});

/** The refusals of a body. @param issue an example of a broken field */
export const bodyErrors = (issue: Issue) => ({
  400: errors("The body is not JSON, or has another content type", {}, "bad_request"),
  413: errors("Body over 16 KiB", {}, "body_too_large"),
  422: invalid(issue),
});

/** The refusal of a request that breaks its schema. */
export const invalid = (issue: Issue) => ({
  description: "Validation Error",
  headers: always,
  content: {
    "application/json": {
      schema: ref("HTTPValidationError"),
      examples: {
        validation_error: { value: exampleOf(new LatchkeyError("validation_error", { issues: [issue] })) },
      },
    },
  },
});

/** The refusal of a key for programs, such as a guard key. */
export const keyRefused = (kind: string, code: ErrorCode) => ({
  401: errors(`The ${kind} key is missing or unknown`, { "WWW-Authenticate": header("Bearer") }, code),
});

/** The headers of a reached limit. */
export const limitReached = { ...retryAfter, ...limits };

/** The refusal by the throttle. */
export const throttled = {
  429: errors("Too many failed attempts", limitReached, "rate_limited"),
};

/** Responses that the published documents list and this server does not send. Generated clients expect them. */
export const unusedResponses = {
  400: errors("The request is not well-formed HTTP", {}, "bad_request"),
  422: {
    ...invalid({ loc: ["header", "authorization"], msg: "Field required", type: "missing" }),
    description: "Validation Error. Listed by the published document; this operation validates no input",
  },
  429: {
    ...throttled[429],
    description: "Too many requests. Listed by the published document; here only a proxy sends it",
  },
};

/** Client errors of every route that have no status of their own in the document. */
export const otherClientErrors = [
  "method_not_allowed",
  "request_timeout",
  "uri_too_long",
  "misdirected_request",
  "headers_too_large",
] as const satisfies readonly ErrorCode[];

/** The refusals that every route shares. */
export const otherRefusals = {
  404: errors("Unknown path", {}, "not_found"),
  "4xx": errors("Every other client error", {}, ...otherClientErrors),
};

/** The errors of the server. @param codes those of 503 */
export const serverErrors = (...codes: readonly ErrorCode[]) => ({
  500: errors("Internal Server Error. The log has the cause, under the X-Request-Id", {}, "internal_error"),
  503: errors(
    "The server is busy, or cannot reach its database or the identity provider",
    retryAfter,
    ...codes,
  ),
});

type Refused = ReturnType<typeof errors>;
type Invalid = ReturnType<typeof bodyErrors>[422];

/** A 422 of a broken field, and of a refusal with a code of its own if the operation has one. */
export function either(invalid: Invalid, refused: Refused | undefined): object {
  if (refused === undefined) return invalid;
  const [one, other] = [invalid.content["application/json"], refused.content["application/json"]];
  const examples = { ...one.examples, ...other.examples };
  return { ...refused, content: { "application/json": { schema: ref("RefusedInput"), examples } } };
}
