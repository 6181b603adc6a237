import Fastify, { type FastifyInstance } from "fastify";
import { LatchkeyError } from "../../src/core/errors.ts";
import { createRequestCheck } from "../../src/core/oauth/authorization-request.ts";
import type { Client } from "../../src/core/oauth/client.ts";
import type { Resource } from "../../src/core/oauth/resources.ts";
import { authorizeApp } from "../../src/http/oauth/authorize-app.ts";
import type { AuthorizePageParts } from "../../src/http/oauth/authorize-parts.ts";
import { takeBodiesAsBytes } from "../../src/http/request-input.ts";
import { securityHeaders } from "../../src/http/response-headers.ts";

/** The issuer of every page, unless a test names another one. */
export const issuer = "https://auth.example";

const published = { credentials: [{ kind: "none" }], grantTypes: ["authorization_code"] } as const;

/** One client of each kind, by id. */
export const clients = {
  /** Registered itself, with a redirect URI on this device. */
  device: {
    ...published,
    id: "device",
    name: "Notes for the terminal",
    redirectUris: ["http://127.0.0.1/callback"],
    voucher: { by: "nobody" },
  },
  /** Registered itself, with a web address. */
  web: {
    ...published,
    id: "web",
    name: "Web notes",
    redirectUris: ["https://web.example/callback?tenant=1"],
    voucher: { by: "nobody" },
  },
  /** Registered itself, with the scheme of an application. */
  scheme: {
    ...published,
    id: "scheme",
    name: "Editor",
    redirectUris: ["cursor://anysphere.cursor-mcp/oauth/callback"],
    voucher: { by: "nobody" },
  },
  document: {
    ...published,
    id: "https://claude.example/client.json",
    name: "Claude Code",
    redirectUris: ["https://claude.example/callback"],
    voucher: { by: "document", host: "claude.example" },
  },
  operator: {
    ...published,
    id: "operator",
    name: "Intranet",
    redirectUris: ["https://intranet.example/callback"],
    voucher: { by: "operator" },
  },
} as const satisfies Record<string, Client>;

const resource: Resource = {
  url: "https://notes.example/mcp",
  name: "Notes",
  scopes: ["notes:read", "notes:write"],
};

/** A valid query for a client. A value of undefined leaves a parameter out. */
export function queryFor(client: Client, changed: Readonly<Record<string, string | undefined>> = {}): string {
  const parameters = {
    response_type: "code",
    client_id: client.id,
    redirect_uri: client.redirectUris[0],
    state: "a state & more",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    scope: "notes:read notes:write",
    ...changed,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return String(query);
}

/** The sign-in page with the real check of its requests. The stories behind it are the test's. */
export async function authorizeWorld(
  stories: Partial<AuthorizePageParts> = {},
  ownIssuer = issuer,
): Promise<FastifyInstance> {
  const app = Fastify();
  takeBodiesAsBytes(app);
  app.decorateReply("refusal", null);
  app.decorateRequest("clientAddress", { getter: () => "192.0.2.1" });
  const secure = securityHeaders({ issuer: ownIssuer, hstsSubdomains: false });
  app.addHook("onRequest", async (request, reply) => void secure(request, reply));
  const checkRequest = createRequestCheck({
    clients: {
      async byId(id) {
        const client = Object.values(clients).find((one) => one.id === id);
        if (client === undefined) throw new LatchkeyError("unknown_client");
        return client;
      },
    },
    resources: {
      async named(asked = resource.url) {
        if (asked !== resource.url) throw new LatchkeyError("invalid_target");
        return resource;
      },
    },
    allowedScope: (asked) => asked ?? "",
  });
  const parts: AuthorizePageParts = {
    issuer: ownIssuer,
    checkRequest,
    authorize: async () => "the-code",
    deny: async () => {},
    steady: () => 0,
    log: { debug() {}, warn() {}, error() {} },
    ...stories,
  };
  const brokered = parts.broker !== undefined;
  authorizeApp(app, { issuer: ownIssuer, brokered, open: async () => parts });
  await app.ready();
  return app;
}
