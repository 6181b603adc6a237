import type { FastifySchema } from "fastify";
import { type ErrorCode, type Issue, LatchkeyError } from "../core/errors.ts";
import { errorBody } from "./error-answers.ts";

/** What the OpenAPI document says of every operation, and what validates and serialises them. */

const user = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  display_name: "Alice",
  active_status: true,
};
const tokens = { access_token: "eyJ…", token_type: "bearer", expires_in: 3600 };
const issued = { ...tokens, refresh_token: "lkr_…" };

export function describeLogin(mount: string): FastifySchema {
  return {
    ...named("login", `${mount}/login`, "post"),
    summary: "Login",
    description:
      "Authenticate user and return JWT token. Accepts either username or email address as the username field.",
    security: open,
    body: ref("LoginRequest"),
    response: {
      200: answer("Successful Response", "LoginResponse", {
        ...issued,
        user_id: user.id,
        username: user.username,
        roles: ["user", "premium"],
        user,
      }),
      ...bodyErrors({ loc: ["body", "username"], msg: "Field required", type: "missing" }),
      ...unauthorized(
        "Wrong user name, e-mail address or password; the same for each",
        "invalid_credentials",
      ),
      403: errors(
        "The password was right, but the account is not let in, or its token would not fit into a request",
        {},
        "account_disabled",
        "account_setup_required",
        "token_too_large",
      ),
      ...throttled,
      ...otherRefusals,
      ...serverErrors("overloaded", "provider_unavailable", "store_unavailable"),
    },
  };
}

export function describeRefresh(mount: string): FastifySchema {
  return {
    ...named("refresh_token", `${mount}/refresh`, "post"),
    summary: "Refresh Token",
    description:
      "Refresh authentication token. `refresh_token` is traded for new tokens and works once; a repeat within " +
      "the grace gets the same successor, a later one ends the session. `current_token`, a live access token, is " +
      "traded for a new access token of the same session, until a day after the last login or refresh by " +
      "`refresh_token`; with people in Keycloak, and if the server trades none, it gets 422.",
    security: open,
    body: ref("RefreshTokenRequest"),
    response: {
      200: answer("Successful Response", "RefreshTokenResponse", issued),
      ...bodyErrors({
        loc: ["body", "refresh_token"],
        msg: "Send refresh_token or current_token",
        type: "missing",
      }),
      ...unauthorized(...tokenRefused),
      403: errors("The token of this account would not fit into a request", {}, "token_too_large"),
      ...throttled,
      ...otherRefusals,
      ...serverErrors("provider_unavailable", "store_unavailable"),
    },
  };
}

export function describeCurrentUser(mount: string): FastifySchema {
  return {
    ...named("get_current_user_info", `${mount}/me`, "get"),
    summary: "Get Current User Info",
    description: "Get current user information",
    security: [{ HTTPBearer: [] }],
    response: {
      200: answer("Successful Response", "CurrentUserInfo", { ...user, roles: ["user", "premium"] }),
      ...unauthorized(...tokenRefused, "missing_token"),
      ...rowsOfBodylessOperations,
      ...otherRefusals,
      ...serverErrors("provider_unavailable", "store_unavailable"),
    },
  };
}

export function describeLogout(mount: string): FastifySchema {
  return {
    ...named("logout", `${mount}/logout`, "post"),
    summary: "Logout",
    description:
      "Ends the session: its access tokens and its refresh token are refused from the next request on.",
    security: [{ HTTPBearer: [] }],
    response: {
      200: answer("Successful Response", "LogoutResponse", { message: "Successfully logged out" }),
      ...unauthorized(...tokenRefused, "missing_token"),
      413: errors("Body over 16 KiB", {}, "body_too_large"),
      ...rowsOfBodylessOperations,
      ...otherRefusals,
      ...serverErrors("store_unavailable"),
    },
  };
}

/** Whether a key may be left out: on the server's own machine. */
interface KeyAccess {
  readonly local: boolean;
}

const withKey = (scheme: string, { local }: KeyAccess) => [{ [scheme]: [] }, ...(local ? [{}] : [])];

/** An operation without credentials. */
const open: [] = [];

export function describeHealth(state: "live" | "ready", summary: string): FastifySchema {
  return {
    operationId: `health_${state}`,
    summary,
    description: "For a load balancer or an orchestrator. It needs no credentials.",
    tags: ["Health"],
    security: open,
    response: {
      200: answer("Yes", "HealthResponse", { status: state }),
      ...otherRefusals,
      ...(state === "ready" ? serverErrors("provider_unavailable", "store_unavailable") : {}),
    },
  };
}

export function describeMetrics(access: KeyAccess): FastifySchema {
  const sample = 'latchkey_requests_total{operation="login",code="ok"} 7\n';
  return {
    operationId: "metrics",
    summary: "Figures for monitoring, in Prometheus' text format",
    description: "Every metric of this process. No label holds a user, an address or a token.",
    tags: ["Health"],
    security: withKey("MetricsKey", access),
    response: {
      200: {
        description: "All figures",
        headers: always,
        content: { "text/plain": { schema: { type: "string" }, examples: { example: { value: sample } } } },
      },
      401: errors(
        "No metrics key, or none of the server's",
        { "WWW-Authenticate": header("Bearer") },
        "invalid_metrics_key",
      ),
      ...otherRefusals,
    },
  };
}

export function describeKeySet(cacheControl: string): FastifySchema {
  const key = { kty: "EC", crv: "P-256", x: "…", y: "…", kid: "…", alg: "ES256", use: "sig" };
  return {
    operationId: "jwks",
    summary: "Public keys that access tokens are signed with",
    description: "A JWK Set (RFC 7517 §5). A verifier selects the key by the `kid` of a token.",
    tags: ["Keys"],
    security: open,
    response: {
      200: answer(
        "The key that signs, the next one, and retired ones",
        "KeySet",
        { keys: [key] },
        cacheControl,
      ),
      ...otherRefusals,
    },
  };
}

export function describeProvider(metadata: object, cacheControl: string): FastifySchema {
  return {
    operationId: "openid_configuration",
    summary: "Where verifiers find issuer and keys",
    description:
      "The members of OpenID Connect Discovery 1.0 §3 that a verifier of access tokens needs. " +
      "Latchkey issues no ID tokens and has no authorization endpoint.",
    tags: ["Keys"],
    security: open,
    response: {
      200: answer("Provider metadata", "ProviderMetadata", metadata, cacheControl),
      ...otherRefusals,
    },
  };
}

const forGuards = (access: KeyAccess) => ({ tags: ["Guards"], security: withKey("GuardKey", access) });

export function describeRevocations(access: KeyAccess): FastifySchema {
  const ended = { number: 7, sessionId: "4f0c…", until: 1_767_225_600_000 };
  const page = answer("A page of them, or a stream", "RevocationPage", {
    revocations: [ended],
    cursor: ended.number,
    more: false,
  });
  const stream = `id: 7\nevent: session.ended\ndata: ${JSON.stringify(ended)}\n\nid: 7\nevent: cursor\ndata: {"cursor":7}\n\n`;
  return {
    operationId: "revocations",
    summary: "Sessions that have ended, for guards",
    description:
      "A numbered list, from a cursor: a page of JSON with `after`, or server-sent events with " +
      "`Accept: text/event-stream` and `Last-Event-ID`. A stream says `session.ended` for each, and `cursor` " +
      "when all that is known was sent, at least every 5 seconds.",
    ...forGuards(access),
    querystring: {
      type: "object",
      properties: {
        after: {
          type: "string",
          pattern: "^[0-9]{1,15}$",
          description: "Number of the last one that is known",
        },
      },
    },
    headers: {
      type: "object",
      properties: { "last-event-id": { type: "string", description: "The same, for a stream" } },
    },
    response: {
      200: {
        ...page,
        content: {
          ...page.content,
          "text/event-stream": { schema: { type: "string" }, examples: { example: { value: stream } } },
        },
      },
      ...guardKeyRefused(),
      422: invalid({
        loc: ["query", "after"],
        msg: "Input is not of the expected form",
        type: "string_pattern_mismatch",
      }),
      ...otherRefusals,
      ...serverErrors("overloaded", "store_unavailable"),
    },
  };
}

export function describeSessionState(access: KeyAccess): FastifySchema {
  return {
    operationId: "session_state",
    summary: "Whether a session has ended, for guards that lost the list",
    description: "One look-up by session id. An unknown id is a session that has not ended.",
    ...forGuards(access),
    response: {
      200: answer("Known to have ended, or not", "SessionState", { sessionId: "4f0c…", ended: true }),
      ...guardKeyRefused(),
      ...otherRefusals,
      ...serverErrors("overloaded", "store_unavailable"),
    },
  };
}

const tokenRefused = [
  "Token not valid, expired or of an ended session",
  "invalid_token",
  "token_expired",
  "token_revoked",
] as const;

/** The operation ids of the published documents: name, path, method. */
function named(name: string, path: string, method: string) {
  const operationId = `${name}${path.replaceAll("/", "_")}_${method}`;
  return { operationId, tags: [path.startsWith("/api/v1/") ? "authentication" : "Auth"] };
}

const ref = (model: string) => ({ $ref: `${model}#` });

const header = (description: string, type = "string") => ({ type, description });

const always = {
  "X-Request-Id": header("Names this request in the log; a trusted proxy may choose it"),
};

function answer(description: string, model: string, value: unknown, cacheControl = "no-store") {
  return {
    description,
    headers: { ...always, "Cache-Control": header(cacheControl) },
    content: { "application/json": { schema: ref(model), examples: { example: { value } } } },
  };
}

/** Errors that share a status, with an example of each. */
function errors(description: string, headers: object, ...codes: readonly ErrorCode[]) {
  const examples = codes.map((code) => [code, { value: exampleOf(new LatchkeyError(code)) }] as const);
  return {
    description,
    headers: { ...always, ...headers },
    content: { "application/json": { schema: ref("ErrorResponse"), examples: Object.fromEntries(examples) } },
  };
}

const exampleOf = (error: LatchkeyError): unknown => JSON.parse(errorBody(error));

const challenged = {
  "WWW-Authenticate": header('Bearer, with error="invalid_token" where a token was sent'),
};
const retryAfter = {
  "Retry-After": { ...header("Seconds after which another try makes sense", "integer"), format: "int64" },
};
const limits = {
  "RateLimit-Policy": header('The limit that was reached: "name";q=failures;w=seconds'),
  RateLimit: header('What is left of it: "name";r=0;t=seconds'),
};

const unauthorized = (description: string, ...codes: readonly ErrorCode[]) => ({
  401: errors(description, challenged, ...codes),
  403: errors("Authenticated, but not allowed", {}, "forbidden"),
});

const bodyErrors = (issue: Issue) => ({
  400: errors("Not JSON, or not sent as JSON", {}, "bad_request"),
  413: errors("Body over 16 KiB", {}, "body_too_large"),
  422: invalid(issue),
});

const invalid = (issue: Issue) => ({
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

const guardKeyRefused = () => ({
  401: errors(
    "No guard key, or none of the server's",
    { "WWW-Authenticate": header("Bearer") },
    "invalid_guard_key",
  ),
});

const throttled = {
  429: errors("Too many failed attempts", { ...retryAfter, ...limits }, "rate_limited"),
};

/** Rows of the published documents that this server does not answer with, for clients generated from this one. */
const rowsOfBodylessOperations = {
  400: errors("The request is not well-formed HTTP", {}, "bad_request"),
  422: {
    ...invalid({ loc: ["header", "authorization"], msg: "Field required", type: "missing" }),
    description: "Validation Error. The published document names it; this operation validates no input",
  },
  429: {
    ...throttled[429],
    description: "Too many requests. The published document names it; only a proxy answers it here",
  },
};

const otherRefusals = {
  404: errors("No such resource: the path is wrong", {}, "not_found"),
  "4xx": errors(
    "Every other refusal of a request",
    {},
    "method_not_allowed",
    "request_timeout",
    "uri_too_long",
    "misdirected_request",
    "headers_too_large",
  ),
};

const serverErrors = (...codes: readonly ErrorCode[]) => ({
  500: errors("Internal Server Error; the log has more under the X-Request-Id", {}, "internal_error"),
  503: errors("Busy, or the database or the identity provider cannot be reached", retryAfter, ...codes),
});
