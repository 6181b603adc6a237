import { underHost } from "@latchkey/guard/loopback";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { powers } from "../../core/people/powers.ts";
import { keySetLifetime } from "../../core/tokens/signing-keys.ts";
import { admitEveryOrigin, openRoute, preflightRoute } from "../oauth/open-cors.ts";
import { resourceMetadataPath, resourceMetadataUrl } from "../protected-resource.ts";

/** The resource of the administration, and the issuer of tokens for it. */
export interface AdminResource {
  /** URL of the resource. */
  readonly resource: string;
  /** The issuer that clients ask for a token. Undefined while the authorization server is off. */
  readonly authorizationServer: string | undefined;
}

/**
 * The challenge parameter that leads a client to the metadata (RFC 9728 §5.1). Like the metadata, it follows the name
 * of this machine that the client has dialled: clients refuse the metadata of another resource.
 *
 * @returns undefined while no client can get a token
 */
export function adminMetadataUrl(
  { resource, authorizationServer }: AdminResource,
  { headers }: Pick<FastifyRequest, "headers">,
): string | undefined {
  if (authorizationServer === undefined) return undefined;
  return underHost(resourceMetadataUrl(resource), headers.host);
}

/** Serves the metadata of the administration (RFC 9728 §3) to pages of every origin. */
export function adminMetadataRoute(
  app: FastifyInstance,
  { resource, authorizationServer }: AdminResource,
): void {
  if (authorizationServer === undefined) return;
  const path = `${resourceMetadataPath}/admin/v1`;
  preflightRoute(app, path, "GET");
  const route = { schema: { hide: true }, config: openRoute, onRequest: admitEveryOrigin };
  app.get(path, route, ({ headers }, reply) =>
    reply.header("cache-control", `public, max-age=${keySetLifetime / 1000}`).send({
      resource: underHost(resource, headers.host),
      authorization_servers: [authorizationServer],
      bearer_methods_supported: ["header"],
      scopes_supported: [...powers],
    }),
  );
}
