import { version } from "../../core/version.ts";

/** The parts of a server that its document explains. */
export interface DocumentedServer {
  readonly issuer: string;
  /** The built-in MCP tools. Undefined if they are off. */
  readonly mcp: { readonly resource: string } | undefined;
}

/** The title and the introduction of the document, in Markdown. */
export const describeServer = ({ mcp }: Pick<DocumentedServer, "mcp">) => ({
  title: "Latchkey",
  version,
  description: [
    "Sign-in for APIs and MCP servers: password in, JWT out, and logout that works.",
    "`login` opens a session and answers with an access token and a refresh token. Send the access token as " +
      "`Authorization: Bearer …`. Before it expires, trade the refresh token for new tokens with `refresh`. " +
      "`logout` ends the session. Every error has a stable `code`.",
    "## MCP",
    mcp === undefined ? mcpOff : mcpOn(mcp.resource),
  ].join("\n\n"),
  license: { name: "MIT", identifier: "MIT" },
});

const mcpOff =
  "The built-in MCP tools of this server are off. The setting `LATCHKEY_MCP=on` serves them at `/mcp`.";

const mcpOn = (resource: string) =>
  `\`${resource}\` is an MCP server over Streamable HTTP. Its tools show users their own sessions and end them. ` +
  "For administrators they also find users, disable them and read the audit trail. A client sends an access token, " +
  "such as that of `login`, as a bearer header. Without one, every message gets 401. A client that cannot send a " +
  `header uses \`${resource}/token-field\`: there each tool call carries the token as its argument \`token\`, and ` +
  "`tools/list` without a token has the tools that need no role. The messages are JSON-RPC, so this document lists no " +
  "operation for them.";

/** The groups of operations. Every operation has one of these tags. */
export const tags = [
  {
    name: "Auth",
    description:
      "Sign in, refresh, current user and sign out. `login` and `refresh` need no credentials. The others need an " +
      "access token.",
  },
  {
    name: "authentication",
    description:
      "The same four operations under `/api/v1`, for clients that were generated with this prefix.",
  },
  {
    name: "Account",
    description:
      "The own account: password, sessions, e-mail address, forgotten password and sign-up. Operations that send a " +
      "mail answer 404 on a server that sends none. Servers with users in a Keycloak realm do not have them.",
  },
  {
    name: "OAuth",
    description:
      "The endpoints of the authorization server for programs. A client finds them, and the page where people sign in, " +
      "in `/.well-known/oauth-authorization-server`.",
  },
  {
    name: "Administration",
    description:
      "Users, sessions, audit trail, signing keys, clients and resources. A caller needs the powers that an operation " +
      "names: by the role `admin`, `support` or `auditor` of their account, or by the scopes of a client's token for " +
      "the resource `ISSUER/admin/v1`. `/.well-known/oauth-protected-resource/admin/v1` describes that resource.",
  },
  {
    name: "Keys",
    description:
      "Issuer and public keys. A verifier reads them once and then checks tokens without this server.",
  },
  {
    name: "Guards",
    description:
      "The revocation list. A guard follows it, so that it refuses the tokens of an ended session within a second.",
  },
  { name: "Health", description: "Health and metrics of the process, for balancers and monitoring." },
];

/** The credentials of operations. */
export const securitySchemes = {
  HTTPBearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
  MetricsKey: keyScheme("LATCHKEY_METRICS_KEYS"),
  GuardKey: keyScheme("LATCHKEY_GUARD_KEYS"),
  GuardKeyBasic: { type: "http", scheme: "basic", description: "One of LATCHKEY_GUARD_KEYS as the password" },
  ClientSecret: { type: "http", scheme: "basic", description: "Id and secret of an OAuth client" },
} as const;

function keyScheme(setting: string) {
  const description = `One of ${setting}; not needed on the server's own machine`;
  return { type: "http", scheme: "bearer", description } as const;
}
