import type { FastifyInstance } from "fastify";
import { keySetLifetime } from "../core/tokens/signing-keys.ts";
import { describeKeySet, describeProvider } from "./openapi-operations.ts";

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
}

/** Lifetime in caches. Every key is published for longer than this before it signs. */
const cacheControl = `public, max-age=${keySetLifetime / 1000}`;

/** Serves the metadata that leads verifiers to the keys: OpenID Connect Discovery 1.0 §3 and RFC 7517 §5. */
export function wellKnownRoutes(
  app: FastifyInstance,
  { issuer, keySet, foreign, docs }: WellKnownOptions,
): void {
  const metadata = {
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
  const provider = { schema: describeProvider(metadata, cacheControl) };
  app.get("/.well-known/openid-configuration", provider, (_request, reply) =>
    reply.header("cache-control", cacheControl).send(metadata),
  );
  app.get("/.well-known/jwks.json", { schema: describeKeySet(cacheControl) }, (_request, reply) => {
    const { keys, current } = keySet();
    return reply.header("cache-control", current ? cacheControl : "no-store").send({ keys });
  });
}
