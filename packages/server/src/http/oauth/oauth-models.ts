import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import { grantTypes } from "../../core/oauth/client.ts";
import { maxRedirectUris } from "../../core/oauth/sealed-clients.ts";
import { int64, response } from "../schemas.ts";

// The models of the authorization server. Each model is named by its `$id`.

const text = (description: string) => ({ type: "string", description }) as const;
const scope = text("Scopes, separated by spaces");
const resource = text("URL of the API or MCP server that the token is for (RFC 8707)");

/** How a client authenticates in the body. With Basic these parameters stay out. */
const clientAuthentication = {
  client_id: text("The id of the client"),
  client_secret: { ...text("Its secret (client_secret_post)"), format: "password" },
  client_assertion_type: text("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
  client_assertion: text("Its signed assertion (private_key_jwt, RFC 7523)"),
} as const;

const tokenRequest = {
  $id: "OAuthTokenRequest",
  description: "A grant of a client (RFC 6749 §4)",
  type: "object",
  required: ["grant_type"],
  properties: {
    grant_type: { type: "string", enum: grantTypes, description: "The kind of the grant" },
    code: text("The authorization code"),
    redirect_uri: text("The redirect URI of the authorization request"),
    code_verifier: text("The verifier of the code challenge (RFC 7636)"),
    refresh_token: text("The refresh token of the last answer"),
    scope,
    resource,
    ...clientAuthentication,
  },
} as const satisfies JSONSchema;

const tokenResponse = response(
  "OAuthTokenResponse",
  "Tokens for a client (RFC 6749 §5.1)",
  ["access_token", "token_type", "expires_in", "scope"],
  {
    access_token: text("JWT access token (RFC 9068)"),
    token_type: text("Bearer"),
    expires_in: { ...int64, minimum: 0, description: "Token expiration in seconds" },
    refresh_token: text("The next refresh token; absent for client_credentials"),
    scope: text("The scopes that were granted. It may be empty"),
  },
);
/** The answer of the token endpoint. */
export type TokenResponse = FromSchema<typeof tokenResponse>;

const tokenParameter = (id: string, description: string, more: Record<string, JSONSchema>) =>
  ({
    $id: id,
    description,
    type: "object",
    required: ["token"],
    properties: {
      token: { ...text("An access token or a refresh token"), minLength: 1 },
      token_type_hint: text("Ignored: a token shows its own type"),
      ...more,
    },
  }) as const satisfies JSONSchema;

const revokeRequest = tokenParameter(
  "OAuthRevokeRequest",
  "The token to revoke (RFC 7009 §2.1)",
  clientAuthentication,
);
const revokeResponse = response(
  "OAuthRevokeResponse",
  "Empty: the answer is the same for every token",
  [],
  {},
);

const introspectRequest = tokenParameter(
  "OAuthIntrospectRequest",
  "The token to look up (RFC 7662 §2.1)",
  {},
);
const introspectResponse = response(
  "OAuthIntrospectResponse",
  "Whether a token is valid, and its claims (RFC 7662 §2.2)",
  ["active"],
  {
    active: { type: "boolean", description: "False for every token that is not valid here" },
    token_type: text("Bearer"),
    iss: text("The issuer"),
    sub: text("The user, or the client of its own token"),
    // Without a type: from a choice of text and list the Java generator makes a class that does not compile.
    aud: { description: "The resource of the token, or a list of them" },
    client_id: text("The client"),
    scope,
    username: text("The user name"),
    roles: { type: "array", items: { type: "string" }, description: "Roles of the user, or of the machine" },
    sid: text("The session"),
    jti: text("The id of the token"),
    iat: { ...int64, description: "Issued at, in seconds since the epoch" },
    exp: { ...int64, description: "Expiry, in seconds since the epoch" },
  },
);

const redirectUris = {
  type: "array",
  items: { type: "string" },
  description: "https, http on a loopback address, or the scheme of an application",
} as const;

const registrationRequest = {
  $id: "ClientRegistrationRequest",
  description: "Metadata of a client (RFC 7591 §2). Unknown members are ignored, unsupported values replaced",
  type: "object",
  required: ["redirect_uris"],
  properties: {
    redirect_uris: { ...redirectUris, minItems: 1, maxItems: maxRedirectUris },
    client_name: text("The name that people are shown"),
    token_endpoint_auth_method: text("none, client_secret_basic or client_secret_post"),
    grant_types: { type: "array", items: { type: "string" } },
    response_types: { type: "array", items: { type: "string" } },
  },
} as const satisfies JSONSchema;

const registrationResponse = response(
  "ClientRegistrationResponse",
  "The registered client (RFC 7591 §3.2.1)",
  ["client_id", "redirect_uris", "grant_types", "response_types", "token_endpoint_auth_method"],
  {
    client_id: text("The same for the same metadata. It never expires"),
    client_secret: text("Absent for a public client"),
    client_secret_expires_at: { ...int64, description: "0: never. Absent for a public client" },
    client_name: text("The name that people are shown"),
    redirect_uris: redirectUris,
    grant_types: { type: "array", items: { type: "string" } },
    response_types: { type: "array", items: { type: "string" } },
    token_endpoint_auth_method: text("none, client_secret_basic or client_secret_post"),
  },
);

const oauthError = response(
  "OAuthErrorResponse",
  "Every error under /oauth (RFC 6749 §5.2), beside the members of other errors",
  ["error", "error_description", "detail", "message", "code"],
  {
    error: text("The error in the words of OAuth"),
    error_description: text("The error in one sentence"),
    detail: text("The same sentence"),
    message: text("The same sentence"),
    code: text("Stable name of the error, for programs"),
  },
);

/** Every model of the authorization server in the OpenAPI document. */
export const oauthModels = [
  tokenRequest,
  tokenResponse,
  revokeRequest,
  revokeResponse,
  introspectRequest,
  introspectResponse,
  registrationRequest,
  registrationResponse,
  oauthError,
];
