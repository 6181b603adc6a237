import type { FastifySchema } from "fastify";
import { type ErrorCode, LatchkeyError } from "../../core/errors.ts";
import type { AccessKeys } from "../access-keys.ts";
import { errorBody } from "../error-answers.ts";
import { always, answer, header, otherClientErrors, ref, retryAfter } from "../openapi-responses.ts";
import { oauthErrorOf } from "./oauth-errors.ts";

// The texts and schemas of the authorization server's operations, for the document alone: the routes read their bodies
// themselves, because OAuth has its own form of errors.

const form = { consumes: ["application/x-www-form-urlencoded"], tags: ["OAuth"] };

/** The errors of one status, with an example of each. */
function errors(description: string, headers: object, ...codes: readonly ErrorCode[]) {
  const examples = codes.map((code) => {
    const error = new LatchkeyError(code);
    const value: unknown = JSON.parse(errorBody(error, oauthErrorOf(error)));
    return [code, { value }] as const;
  });
  return {
    description,
    headers: { ...always, ...headers },
    content: {
      "application/json": { schema: ref("OAuthErrorResponse"), examples: Object.fromEntries(examples) },
    },
  };
}

const clientRefused = {
  401: errors(
    "The client is not known, or did not prove that it is itself",
    { "WWW-Authenticate": header("Basic, if the client used it") },
    "invalid_client",
  ),
};

/** The refusals that every route shares. @param codes those of 503 */
const shared = (...codes: readonly ErrorCode[]) => ({
  404: errors("Unknown path", {}, "not_found"),
  413: errors("Body over 16 KiB", {}, "body_too_large"),
  "4xx": errors("Every other client error", {}, ...otherClientErrors),
  500: errors("Internal Server Error. The log has the cause, under the X-Request-Id", {}, "internal_error"),
  503: errors("Try again later: the server is busy, or a limit was reached", retryAfter, ...codes),
});

/** The token endpoint. */
export const describeToken: FastifySchema = {
  operationId: "oauth_token",
  summary: "Token endpoint",
  description:
    "Trades an authorization code or a refresh token for tokens (RFC 6749 §3.2), or gives a machine its own token. " +
    "A refresh token works once. A repeat within the grace gets the same successor; a later repeat ends the session.",
  ...form,
  security: [{}, { ClientSecret: [] }],
  body: ref("OAuthTokenRequest"),
  response: {
    200: answer("Tokens", "OAuthTokenResponse", {
      access_token: "eyJ…",
      token_type: "Bearer",
      expires_in: 3590,
      refresh_token: "lkr_…",
      scope: "notes:read",
    }),
    400: errors(
      "The request is not valid, or its grant is not",
      {},
      "invalid_request",
      "invalid_grant",
      "invalid_scope",
      "invalid_target",
      "unauthorized_client",
      "unsupported_grant_type",
    ),
    ...clientRefused,
    403: errors("The token of this account is too large for a request", {}, "token_too_large"),
    ...shared("rate_limited", "overloaded", "client_document_unavailable", "store_unavailable"),
  },
};

/** The registration endpoint. */
export const describeRegister: FastifySchema = {
  operationId: "oauth_register",
  summary: "Register a client",
  description:
    "Dynamic client registration (RFC 7591). The server stores nothing: the id holds the metadata.",
  tags: form.tags,
  security: [],
  body: ref("ClientRegistrationRequest"),
  response: {
    201: answer("The registered client", "ClientRegistrationResponse", {
      client_id: "lkc_…",
      client_name: "Notes",
      redirect_uris: ["http://127.0.0.1:8123/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    400: errors("The metadata is not valid", {}, "invalid_client_metadata", "invalid_redirect_uri"),
    ...shared("rate_limited"),
  },
};

/** The revocation endpoint. */
export const describeRevoke: FastifySchema = {
  operationId: "oauth_revoke",
  summary: "Revoke a token",
  description:
    "Ends the session of an access token or refresh token of the same client (RFC 7009). The answer is 200 for every " +
    "other token too, except for one that a machine got for itself.",
  ...form,
  security: [{}, { ClientSecret: [] }],
  body: ref("OAuthRevokeRequest"),
  response: {
    200: answer("The token is not valid any more", "OAuthRevokeResponse", {}),
    400: errors("The request is not valid", {}, "invalid_request", "unsupported_token_type"),
    ...clientRefused,
    ...shared("rate_limited", "client_document_unavailable", "store_unavailable"),
  },
};

/** The introspection endpoint. */
export const describeIntrospect = ({ local }: Pick<AccessKeys, "local">): FastifySchema => ({
  operationId: "oauth_introspect",
  summary: "Whether a token is valid, for resource servers that verify no JWTs",
  description:
    "Looks up a token (RFC 7662). It needs a guard key: as a bearer, or as the password of Basic with any name.",
  ...form,
  security: [{ GuardKey: [] }, { GuardKeyBasic: [] }, ...(local ? [{}] : [])],
  body: ref("OAuthIntrospectRequest"),
  response: {
    200: answer("The state of the token", "OAuthIntrospectResponse", {
      active: true,
      token_type: "Bearer",
      iss: "https://login.example.com",
      sub: "user:alice",
      aud: "https://notes.example.com/mcp",
      client_id: "lkc_…",
      scope: "notes:read",
      username: "alice",
      roles: ["user"],
      sid: "4f0c…",
      jti: "f3b1…",
      iat: 1_700_000_000,
      exp: 1_700_003_600,
    }),
    400: errors("The request is not valid", {}, "invalid_request"),
    401: errors(
      "The guard key is missing or unknown",
      { "WWW-Authenticate": header("Bearer, or Basic if it was used") },
      "invalid_guard_key",
    ),
    ...shared("overloaded", "store_unavailable"),
  },
});
