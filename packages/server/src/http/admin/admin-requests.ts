import type { FromSchema, JSONSchema } from "json-schema-to-ts";

// The bodies of the administration. An unknown field is refused: a misspelt one would otherwise change nothing, silently.

const username = { type: "string", description: "Up to 256 characters, without @ and blanks" } as const;
const email = { type: "string", description: "E-mail address" } as const;
const displayName = {
  type: ["string", "null"],
  description: "Name for people, up to 256 characters. A blank name is null",
} as const;
const roles = {
  type: "array",
  items: { type: "string" },
  description:
    "Up to 50 roles, each of letters, digits and _ . : -. A repeated role counts once. Needs the power roles:write",
} as const;
const password = { type: "string", format: "password" } as const;
const emailVerified = { type: "boolean", description: "Whether the address is confirmed" } as const;
const mustChange = {
  type: "boolean",
  description: "Whether the sign-in page asks for a new password before it goes on",
} as const;

function body<
  const Required extends readonly (keyof Properties & string)[],
  const Properties extends Record<string, JSONSchema>,
>($id: string, description: string, required: Required, properties: Properties, example: object) {
  return {
    $id,
    description,
    type: "object",
    additionalProperties: false,
    required,
    properties,
    examples: [example],
  } as const;
}

const userRequest = body(
  "AdminUserRequest",
  "A user to add",
  ["username", "email"],
  {
    username,
    email,
    display_name: displayName,
    roles: { ...roles, description: "Default: user. Other roles need the power roles:write" },
    password: {
      ...password,
      description: "Default: nobody knows it. `reset_password` mails the user a link to choose one",
    },
    email_verified: emailVerified,
    must_change_password: mustChange,
  },
  { username: "alice", email: "alice@example.com", password: "orange tractor sings" },
);
/** The body of a new user. */
export type UserRequest = FromSchema<typeof userRequest>;

const userChangeRequest = body(
  "AdminUserChangeRequest",
  "New values of a user. A field that is left out stays",
  [],
  {
    username,
    email: { ...email, description: "A new address is not confirmed, unless email_verified says so" },
    display_name: displayName,
    roles,
    email_verified: emailVerified,
    must_change_password: mustChange,
  },
  { display_name: "Alice Example" },
);
/** The body of a changed user. */
export type UserChangeRequest = FromSchema<typeof userChangeRequest>;

const passwordRequest = body(
  "AdminPasswordRequest",
  "A new password of a user",
  ["password"],
  { password, must_change_password: mustChange },
  { password: "orange tractor sings", must_change_password: true },
);
/** The body of a new password. */
export type PasswordRequest = FromSchema<typeof passwordRequest>;

const invitationRequest = body(
  "AdminInvitationRequest",
  "A person to invite",
  ["email"],
  { email, roles: { ...roles, description: "Default: user. Other roles need the power roles:write" } },
  { email: "bob@example.com" },
);
/** The body of an invitation. */
export type InvitationRequest = FromSchema<typeof invitationRequest>;

const keyRotationRequest = body(
  "AdminKeyRotationRequest",
  "How keys are rotated",
  [],
  {
    force: {
      type: "boolean",
      description: "Rotates also while a cache may lack the next key. Default: false",
    },
  },
  { force: false },
);
/** The body of a rotation. */
export type KeyRotationRequest = FromSchema<typeof keyRotationRequest>;

const clientRequest = body(
  "AdminClientRequest",
  "An OAuth client to add",
  ["name"],
  {
    name: { type: "string", description: "Name for people, up to 100 characters" },
    redirect_uris: { type: "array", items: { type: "string" }, description: "For a client that asks people" },
    authentication: {
      type: "string",
      enum: ["none", "secret", "jwks", "jwks_uri"],
      description:
        "`secret`: one is made and shown once. `jwks` and `jwks_uri`: assertions signed by a key of that set. `none`: PKCE alone. Default: none",
    },
    jwks: {
      type: "object",
      required: ["keys"],
      properties: { keys: { type: "array", items: { type: "object" } } },
      description: "The client's public keys, as a JWK set: P-256, Ed25519, or RSA of 2048 to 4096 bits",
    },
    jwks_uri: { type: "string", description: "The https:// address of the client's public keys" },
    machine: { type: "boolean", description: "Whether it gets tokens for itself (client credentials)" },
    roles: { type: "array", items: { type: "string" }, description: "Roles in those tokens" },
    scopes: { type: "array", items: { type: "string" }, description: "Scopes of those tokens" },
  },
  { name: "Nightly report", authentication: "secret", machine: true, scopes: ["users:read"] },
);
/** The body of a new client. */
export type ClientRequest = FromSchema<typeof clientRequest>;

const resourceRequest = body(
  "AdminResourceRequest",
  "The name and the scopes of a resource. Both replace the earlier ones",
  ["scopes"],
  {
    name: { type: ["string", "null"], description: "Name for people, up to 100 characters" },
    scopes: { type: "array", items: { type: "string" }, description: "The scopes that clients may ask for" },
  },
  { name: "Notes", scopes: ["notes:read", "notes:write"] },
);
/** The body of a resource. */
export type ResourceRequest = FromSchema<typeof resourceRequest>;

/** The models of all bodies. */
export const requestModels = [
  userRequest,
  userChangeRequest,
  passwordRequest,
  invitationRequest,
  keyRotationRequest,
  clientRequest,
  resourceRequest,
];
