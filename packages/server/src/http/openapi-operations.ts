import type { FastifySchema } from "fastify";
import type { AccessKeys } from "./access-keys.ts";
import {
  always,
  answer,
  bodyErrors,
  errors,
  invalid,
  keyRefused,
  otherRefusals,
  ref,
  serverErrors,
  throttled,
  tokenRefused,
  unauthorized,
  unusedResponses,
} from "./openapi-responses.ts";

// The texts and schemas of every operation. Fastify validates requests with them and shows them in the document.

const user = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  display_name: "Alice",
  active_status: true,
};
const tokens = { access_token: "eyJ…", token_type: "bearer", expires_in: 3600 };
const issued = { ...tokens, refresh_token: "lkr_…" };

/** `login` under a mount point. */
export const describeLogin = (mount: string): FastifySchema => ({
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
      "Wrong username, email address or password; the answer is the same for each",
      "invalid_credentials",
    ),
    403: errors(
      "The password is right, but the account may not sign in, or its token is too large for a request. Or the identity provider takes no passwords from here",
      {},
      "account_disabled",
      "account_setup_required",
      "password_login_off",
      "token_too_large",
    ),
    ...throttled,
    ...otherRefusals,
    ...serverErrors("overloaded", "provider_unavailable", "store_unavailable"),
  },
});

/** `refresh` under a mount point. */
export const describeRefresh = (mount: string): FastifySchema => ({
  ...named("refresh_token", `${mount}/refresh`, "post"),
  summary: "Refresh Token",
  description:
    "Refresh authentication token. A `refresh_token` works once and is traded for new tokens. A repeat within " +
    "the grace gets the same successor; a later repeat ends the session. A `current_token` is a live access " +
    "token. It is traded for a new access token of the same session, until a day after the last login or " +
    "refresh by `refresh_token`. With users in Keycloak, or with LATCHKEY_CURRENT_TOKEN=off, it gets 422.",
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
    403: errors("The token of this account is too large for a request", {}, "token_too_large"),
    ...throttled,
    ...otherRefusals,
    ...serverErrors("provider_unavailable", "store_unavailable"),
  },
});

/** `me` under a mount point. */
export const describeCurrentUser = (mount: string): FastifySchema => ({
  ...named("get_current_user_info", `${mount}/me`, "get"),
  summary: "Get Current User Info",
  description: "Get current user information",
  security: [{ HTTPBearer: [] }],
  response: {
    200: answer("Successful Response", "CurrentUserInfo", { ...user, roles: ["user", "premium"] }),
    ...unauthorized(...tokenRefused, "missing_token"),
    ...unusedResponses,
    ...otherRefusals,
    ...serverErrors("provider_unavailable", "store_unavailable"),
  },
});

/** `logout` under a mount point. */
export const describeLogout = (mount: string): FastifySchema => ({
  ...named("logout", `${mount}/logout`, "post"),
  summary: "Logout",
  description: "Ends the session. Its access tokens and refresh token are refused from the next request on.",
  security: [{ HTTPBearer: [] }],
  response: {
    200: answer("Successful Response", "LogoutResponse", { message: "Successfully logged out" }),
    ...unauthorized(...tokenRefused, "missing_token"),
    413: errors("Body over 16 KiB", {}, "body_too_large"),
    ...unusedResponses,
    ...otherRefusals,
    ...serverErrors("store_unavailable"),
  },
});

/** Whether requests of the server's own machine need no key. */
type KeyAccess = Pick<AccessKeys, "local">;

const withKey = (scheme: string, { local }: KeyAccess) => [{ [scheme]: [] }, ...(local ? [{}] : [])];

/** An operation without credentials. */
const open: [] = [];

/** Liveness or readiness. */
export const describeHealth = (state: "live" | "ready", summary: string): FastifySchema => ({
  operationId: `health_${state}`,
  summary,
  description: "For load balancers and orchestrators. Needs no credentials.",
  tags: ["Health"],
  security: open,
  response: {
    200: answer("Yes", "HealthResponse", { status: state }),
    ...otherRefusals,
    ...(state === "ready" ? serverErrors("provider_unavailable", "store_unavailable") : {}),
  },
});

/** The metrics. */
export function describeMetrics(access: KeyAccess): FastifySchema {
  const sample = 'latchkey_requests_total{operation="login",code="ok"} 7\n';
  return {
    operationId: "metrics",
    summary: "Metrics in Prometheus' text format",
    description: "All metrics of this process. No label contains a user, an address or a token.",
    tags: ["Health"],
    security: withKey("MetricsKey", access),
    response: {
      200: {
        description: "All metrics",
        headers: always,
        content: { "text/plain": { schema: { type: "string" }, examples: { example: { value: sample } } } },
      },
      ...keyRefused("metrics", "invalid_metrics_key"),
      ...otherRefusals,
    },
  };
}

/** The public keys. */
export function describeKeySet(cacheControl: string): FastifySchema {
  const key = { kty: "EC", crv: "P-256", x: "…", y: "…", kid: "…", alg: "ES256", use: "sig" };
  return {
    operationId: "jwks",
    summary: "Public keys of access tokens",
    description: "A JWK Set (RFC 7517 §5). A verifier selects the key by the `kid` of a token.",
    tags: ["Keys"],
    security: open,
    response: {
      200: answer("The signing key, the next one, and retired ones", "KeySet", { keys: [key] }, cacheControl),
      ...otherRefusals,
    },
  };
}

/** The metadata of the issuer. */
export const describeProvider = (metadata: object, cacheControl: string): FastifySchema => ({
  operationId: "openid_configuration",
  summary: "Issuer and keys, for verifiers",
  description:
    "The members of OpenID Connect Discovery 1.0 §3 that a verifier of access tokens needs. " +
    "Latchkey issues no ID tokens. With users in a Keycloak realm and LATCHKEY_OAUTH=off, issuer, keys and endpoints " +
    "are those of the realm. With LATCHKEY_OAUTH=off an MCP client gets 404.",
  ...ofIssuer(metadata, cacheControl),
});

/** The metadata of the authorization server. */
export const describeAuthorizationServer = (metadata: object, cacheControl: string): FastifySchema => ({
  operationId: "oauth_authorization_server",
  summary: "The authorization server, for OAuth clients",
  description: "The same document as the one at `/.well-known/openid-configuration` (RFC 8414).",
  ...ofIssuer(metadata, cacheControl),
});

const ofIssuer = (metadata: object, cacheControl: string): FastifySchema => ({
  tags: ["Keys"],
  security: open,
  response: {
    200: answer("Provider metadata", "ProviderMetadata", metadata, cacheControl),
    ...otherRefusals,
  },
});

const forGuards = (access: KeyAccess) => ({ tags: ["Guards"], security: withKey("GuardKey", access) });

/** The revocation list. */
export function describeRevocations(access: KeyAccess): FastifySchema {
  const ended = { number: 7, sessionId: "4f0c…", until: 1_767_225_600_000 };
  const page = answer("A page of the list, or a stream", "RevocationPage", {
    revocations: [ended],
    cursor: ended.number,
    more: false,
  });
  const stream = `id: 7\nevent: session.ended\ndata: ${JSON.stringify(ended)}\n\nid: 7\nevent: cursor\ndata: {"cursor":7}\n\n`;
  return {
    operationId: "revocations",
    summary: "The revocation list: ended sessions, for guards",
    description:
      "A numbered list, read from a cursor: a page of JSON with `after`, or server-sent events with " +
      "`Accept: text/event-stream` and `Last-Event-ID`. A stream sends `session.ended` for each session. It sends " +
      "`cursor` when the guard has all of them, at least every 5 seconds.",
    ...forGuards(access),
    querystring: {
      type: "object",
      properties: {
        after: {
          type: "string",
          pattern: "^[0-9]{1,15}$",
          description: "Number of the last revocation that the guard has",
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
      ...keyRefused("guard", "invalid_guard_key"),
      422: invalid({
        loc: ["query", "after"],
        msg: "Input is not of the expected form (Number of the last revocation that the guard has)",
        type: "string_pattern_mismatch",
      }),
      ...otherRefusals,
      ...serverErrors("overloaded", "store_unavailable"),
    },
  };
}

/** The state of one session. */
export const describeSessionState = (access: KeyAccess): FastifySchema => ({
  operationId: "session_state",
  summary: "Whether a session has ended, for guards without the list",
  description: "Looks up one session id. An unknown id counts as not ended.",
  ...forGuards(access),
  response: {
    200: answer("Whether the session is known to have ended", "SessionState", {
      sessionId: "4f0c…",
      ended: true,
    }),
    ...keyRefused("guard", "invalid_guard_key"),
    ...otherRefusals,
    ...serverErrors("overloaded", "store_unavailable"),
  },
});

/** The operation ids of the published documents: name, path, method. */
function named(name: string, path: string, method: string) {
  const operationId = `${name}${path.replaceAll("/", "_")}_${method}`;
  return { operationId, tags: [path.startsWith("/api/v1/") ? "authentication" : "Auth"] };
}
