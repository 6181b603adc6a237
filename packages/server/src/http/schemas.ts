import type { FromSchema, JSONSchema } from "json-schema-to-ts";

// The models of the wire. One set satisfies both published documents. Each model is named by its `$id`.

/** A model of a response. Further fields are allowed, so that a strict generated client accepts a newer server. */
export function response<
  const Required extends string,
  const Properties extends Record<Required, JSONSchema> & Record<string, JSONSchema>,
>($id: string, description: string, required: readonly Required[], properties: Properties) {
  return { $id, description, type: "object", additionalProperties: true, required, properties } as const;
}

const accessToken = { type: "string", description: "JWT access token" } as const;
const tokenType = { type: "string", const: "bearer", description: "Token type (always 'bearer')" } as const;
export const int64 = { type: "integer", format: "int64" } as const;
const expiresIn = { ...int64, minimum: 0, description: "Token expiration in seconds" } as const;
const roles = { type: "array", items: { type: "string" }, description: "User roles" } as const;

const userFields = {
  id: { type: "string", description: "User identifier" },
  username: { type: "string" },
  email: { type: "string" },
  display_name: { type: ["string", "null"] },
  active_status: { type: "boolean" },
} as const;
const requiredOfUser = ["id", "username", "email", "display_name", "active_status"] as const;

const loginRequest = {
  $id: "LoginRequest",
  description: "Username and password",
  type: "object",
  required: ["username", "password"],
  properties: {
    username: { type: "string", description: "Username or email address" },
    password: { type: "string", format: "password", description: "User password" },
  },
  examples: [{ username: "alice", password: "alice123" }],
} as const satisfies JSONSchema;
/** The body of a login. */
export type LoginRequest = FromSchema<typeof loginRequest>;

const currentUserInfo = response("CurrentUserInfo", "The signed-in user", [...requiredOfUser, "roles"], {
  ...userFields,
  roles,
  must_change_password: {
    type: "boolean",
    const: true,
    description: "The sign-in page asks for a new password before it goes on. Absent otherwise",
  },
});
/** The answer of `me`. */
export type CurrentUserInfo = FromSchema<typeof currentUserInfo>;

const loginResponse = response(
  "LoginResponse",
  "Login response with JWT token",
  ["access_token", "token_type", "expires_in", "refresh_token", "user_id", "username", "roles", "user"],
  {
    access_token: accessToken,
    token_type: tokenType,
    expires_in: expiresIn,
    refresh_token: { type: "string", description: "Can be traded once for new tokens" },
    user_id: { type: "string", description: "User identifier" },
    username: { type: "string", description: "Username" },
    roles,
    user: {
      type: "object",
      additionalProperties: true,
      description: "User information",
      required: requiredOfUser,
      properties: userFields,
    },
  },
);
/** The answer of a login. */
export type LoginResponse = FromSchema<typeof loginResponse>;

const refreshTokenRequest = {
  $id: "RefreshTokenRequest",
  description: "Either token. refresh_token is used if both are sent",
  type: "object",
  anyOf: [
    {
      title: "RefreshByRefreshToken",
      required: ["refresh_token"],
      properties: { refresh_token: { type: "string" } },
    },
    {
      title: "RefreshByCurrentToken",
      required: ["current_token"],
      properties: { current_token: { type: "string" } },
    },
  ],
  properties: {
    refresh_token: {
      type: ["string", "null"],
      description: "The refresh token of the last login or refresh",
    },
    current_token: {
      type: ["string", "null"],
      description: "A live access token. Used if refresh_token is absent",
    },
  },
} as const satisfies JSONSchema;
/** The body of a refresh. */
export type RefreshTokenRequest = FromSchema<typeof refreshTokenRequest>;

const refreshTokenResponse = response(
  "RefreshTokenResponse",
  "New tokens of the same session",
  ["access_token", "token_type", "expires_in"],
  {
    access_token: accessToken,
    token_type: tokenType,
    expires_in: expiresIn,
    refresh_token: {
      type: "string",
      description: "The next refresh token; absent after a refresh by current_token",
    },
  },
);
/** The answer of a refresh. */
export type RefreshTokenResponse = FromSchema<typeof refreshTokenResponse>;

const logoutResponse = response("LogoutResponse", "The session has ended", ["message"], {
  message: { type: "string" },
});
/** The answer of a logout. */
export type LogoutResponse = FromSchema<typeof logoutResponse>;

const healthResponse = response("HealthResponse", "The state of the process", ["status"], {
  status: { type: "string" },
  clock_offset_seconds: {
    description: "This server's clock minus the database's; absent if the database has no clock of its own",
    type: "number",
  },
  warnings: {
    description:
      "Problems for an operator that do not stop requests, one sentence each; absent if there are none",
    type: "array",
    items: { type: "string" },
  },
});

const keySet = response("KeySet", "JWK Set (RFC 7517)", ["keys"], {
  keys: {
    type: "array",
    items: {
      title: "PublicKey",
      type: "object",
      additionalProperties: true,
      required: ["kty", "kid", "alg", "use"],
      properties: {
        kty: { type: "string", description: "`EC` or `RSA`" },
        crv: { type: "string", description: "Curve of an EC key" },
        x: { type: "string" },
        y: { type: "string" },
        n: { type: "string", description: "Modulus of an RSA key" },
        e: { type: "string" },
        kid: { type: "string" },
        alg: { type: "string" },
        use: { type: "string" },
      },
    },
  },
});

const names = { type: "array", items: { type: "string" } } as const;

const providerMetadata = response(
  "ProviderMetadata",
  "Issuer, keys and endpoints, in the names of RFC 8414 and OpenID Connect Discovery 1.0. Further members may follow",
  ["issuer", "jwks_uri"],
  {
    issuer: { type: "string" },
    jwks_uri: { type: "string" },
    authorization_endpoint: { type: "string", description: "Absent without an authorization server" },
    token_endpoint: { type: "string", description: "Absent without an authorization server" },
    registration_endpoint: { type: "string", description: "Absent if clients may not register themselves" },
    revocation_endpoint: { type: "string" },
    introspection_endpoint: { type: "string" },
    code_challenge_methods_supported: names,
    grant_types_supported: names,
    response_types_supported: names,
    token_endpoint_auth_methods_supported: names,
    authorization_response_iss_parameter_supported: { type: "boolean" },
    client_id_metadata_document_supported: { type: "boolean" },
    latchkey_revocations_endpoint: { type: "string", description: "The revocation list, for guards" },
    claims_supported: names,
    service_documentation: { type: "string" },
  },
);

const code = { type: "string", description: "Stable name of the error, for programs" } as const;

const errorResponse = response("ErrorResponse", "Every error except 422", ["detail", "message", "code"], {
  detail: { type: "string", description: "The error in one sentence, for clients that read `detail`" },
  message: { type: "string", description: "The error in one sentence, for clients that read `message`" },
  code,
});

const validationError = response(
  "ValidationError",
  "A field that breaks the schema of the request",
  ["loc", "msg", "type"],
  {
    loc: { type: "array", items: { anyOf: [{ type: "string" }, int64] } },
    msg: { type: "string" },
    type: { type: "string" },
  },
);

const httpValidationError = response(
  "HTTPValidationError",
  "The request is well-formed, but breaks the schema",
  ["detail", "message", "code"],
  {
    detail: { type: "array", items: { $ref: "ValidationError#" } },
    message: { type: "string", description: "The issues in one sentence" },
    code,
  },
);

/** A named model, because a generator would make a class of each operation out of a union in its answer. */
const refusedInput = {
  $id: "RefusedInput",
  description: "The request breaks the schema, or is refused with a code of its own",
  anyOf: [{ $ref: "HTTPValidationError#" }, { $ref: "ErrorResponse#" }],
} as const satisfies JSONSchema;

const revocation = response("Revocation", "A session that has ended", ["number", "sessionId", "until"], {
  number: { ...int64, description: "Position in the list; grows, with gaps" },
  sessionId: { type: "string", description: "The `sid` of the session's tokens" },
  until: { ...int64, description: "Expiry of the session's last token, in ms since the epoch" },
});

const revocationPage = response(
  "RevocationPage",
  "Ended sessions with tokens that have not expired",
  ["revocations", "cursor", "more"],
  {
    revocations: { type: "array", items: { $ref: "Revocation#" } },
    cursor: { ...int64, description: "The next request's `after`" },
    more: { type: "boolean", description: "Whether another page follows" },
  },
);

const sessionState = response("SessionState", "Whether a session has ended", ["sessionId", "ended"], {
  sessionId: { type: "string" },
  ended: { type: "boolean" },
});

/** Every model of the OpenAPI document. */
export const models = [
  loginRequest,
  loginResponse,
  refreshTokenRequest,
  refreshTokenResponse,
  currentUserInfo,
  logoutResponse,
  healthResponse,
  keySet,
  providerMetadata,
  revocation,
  revocationPage,
  sessionState,
  errorResponse,
  validationError,
  httpValidationError,
  refusedInput,
];
