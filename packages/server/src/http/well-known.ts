import type { FastifyInstance } from "fastify";
import { LatchkeyError } from "../core/errors.ts";
import { keySetLifetime } from "../core/tokens/signing-keys.ts";
import { type AuthorizationServerOptions, authorizationServerMetadata } from "./oauth/metadata.ts";
import { admitEveryOrigin, openRoute, preflightRoute } from "./oauth/open-cors.ts";
import { describeAuthorizationServer, describeKeySet, describeProvider } from "./openapi-operations.ts";

/** Returns the current JWK Set. It is called for every answer, because keys rotate. */
export type KeySetSource = () => {
  readonly keys: readonly Record<string, unknown>[];
  /** Whether a cache may store it. */
  readonly current: boolean;
};

/** An identity provider with tokens that are passed through. */
export interface ForeignIssuer {
  readonly issuer: string;
  /** URL of its JWK Set. */
  readonly keySet: string;
  /** URL that starts an OAuth flow. */
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
}

/** The options of the metadata. */
export interface WellKnownOptions {
  readonly issuer: string;
  readonly keySet: KeySetSource;
  /** The issuer of the tokens, if it is not this server. */
  readonly foreign: ForeignIssuer | undefined;
  /** Whether the server serves `/docs`. */
  readonly docs: boolean;
  /** The authorization server. Undefined if it is off. */
  readonly authorizationServer: AuthorizationServerOptions | undefined;
}

/** Lifetime in caches. Every key is published for longer than this before it signs. */
const cacheControl = `public, max-age=${keySetLifetime / 1000}`;

/** Serves the metadata of the issuer, and its keys (RFC 7517 §5). */
export function wellKnownRoutes(app: FastifyInstance, options: WellKnownOptions): void {
  const { keySet, authorizationServer, foreign, issuer } = options;
  if (foreign !== undefined) foreignMetadataRoute(app, foreign, issuer);
  if (authorizationServer === undefined) verifierMetadataRoute(app, metadataOf(options));
  else
    serverMetadataRoutes(app, {
      ...metadataOf({ ...options, foreign: undefined }),
      ...authorizationServerMetadata(authorizationServer),
    });
  app.get("/.well-known/jwks.json", { schema: describeKeySet(cacheControl) }, (_request, reply) => {
    const { keys, current } = keySet();
    return reply.header("cache-control", current ? cacheControl : "no-store").send({ keys });
  });
}

/** Serves one document under the names of RFC 8414 §3 and of OpenID Connect Discovery 1.0 §4, to pages of every origin. */
function serverMetadataRoutes(app: FastifyInstance, metadata: object): void {
  const documents = [
    ["/.well-known/oauth-authorization-server", describeAuthorizationServer],
    ["/.well-known/openid-configuration", describeProvider],
  ] as const;
  for (const [path, describe] of documents) {
    preflightRoute(app, path, "GET");
    const route = {
      schema: describe(metadata, cacheControl),
      config: openRoute,
      onRequest: admitEveryOrigin,
    };
    app.get(path, route, (_request, reply) => reply.header("cache-control", cacheControl).send(metadata));
  }
}

/**
 * Serves the metadata for verifiers of tokens (OpenID Connect Discovery 1.0 §3). An MCP client looks here for an
 * authorization server. It gets 404, because a document without one stops it with an error that names no cause.
 */
function verifierMetadataRoute(app: FastifyInstance, metadata: object): void {
  const schema = describeProvider(metadata, cacheControl);
  app.get("/.well-known/openid-configuration", { schema }, (request, reply) => {
    const vary = reply.getHeader("vary");
    reply.header("vary", vary === undefined ? mcpVersion : `${vary}, ${mcpVersion}`);
    if (Object.hasOwn(request.headers, mcpVersion)) throw new LatchkeyError("not_found");
    return reply.header("cache-control", cacheControl).send(metadata);
  });
}

/**
 * Serves the metadata of an identity provider with tokens that are passed through. Guards of those tokens read it at
 * `discoverAt: ISSUER/realm`, also while the authorization server is on: the other documents name Latchkey then.
 */
function foreignMetadataRoute(app: FastifyInstance, foreign: ForeignIssuer, issuer: string): void {
  const metadata = metadataOf({ issuer, foreign, docs: false });
  app.get("/realm/.well-known/openid-configuration", { schema: { hide: true } }, (_request, reply) =>
    reply.header("cache-control", cacheControl).send(metadata),
  );
}

/** The header that every MCP client sends. */
const mcpVersion = "mcp-protocol-version";

/** The members that lead verifiers to the keys. */
function metadataOf({ issuer, foreign, docs }: Pick<WellKnownOptions, "issuer" | "foreign" | "docs">) {
  return {
    issuer: foreign?.issuer ?? issuer,
    jwks_uri: foreign?.keySet ?? `${issuer}/.well-known/jwks.json`,
    ...(foreign && {
      authorization_endpoint: foreign.authorizationEndpoint,
      token_endpoint: foreign.tokenEndpoint,
    }),
    latchkey_revocations_endpoint: `${issuer}/revocations`,
    claims_supported: [
      "iss",
      "sub",
      "aud",
      "exp",
      "iat",
      "sid",
      "preferred_username",
      "email",
      "name",
      "roles",
    ],
    ...(docs && { service_documentation: `${issuer}/docs` }),
  };
}
