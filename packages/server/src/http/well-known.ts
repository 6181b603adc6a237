import type { FastifyInstance } from "fastify";
import { describeKeySet, describeProvider } from "./operations.ts";

/** The current JWK Set; asked for every answer, because keys rotate. */
export type KeySetSource = () => { readonly keys: readonly Record<string, unknown>[] };

/** An identity provider whose tokens are passed through. */
export interface ForeignIssuer {
  readonly issuer: string;
  /** Where its keys are. */
  readonly keySet: string;
}

/** Verifiers may keep the answer so long; one that meets a key it has not seen asks again. */
const cacheControl = "public, max-age=300";

/** What verifiers need to find the keys: OpenID Connect Discovery 1.0 §3 and RFC 7517 §5. */
export function wellKnownRoutes(
  app: FastifyInstance,
  issuer: string,
  keySet: KeySetSource,
  foreign?: ForeignIssuer,
): void {
  const metadata = {
    issuer: foreign?.issuer ?? issuer,
    jwks_uri: foreign?.keySet ?? `${issuer}/.well-known/jwks.json`,
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
    service_documentation: `${issuer}/docs`,
  };
  const provider = { schema: describeProvider(metadata, cacheControl) };
  app.get("/.well-known/openid-configuration", provider, (_request, reply) =>
    reply.header("cache-control", cacheControl).send(metadata),
  );
  app.get("/.well-known/jwks.json", { schema: describeKeySet(cacheControl) }, (_request, reply) =>
    reply.header("cache-control", cacheControl).send(keySet()),
  );
}
