import type { FastifyInstance } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { RegisterClient } from "../../core/stories/register-client.ts";
import { errorHandler } from "../error-answers.ts";
import type { AuthorizePageParts } from "./authorize-parts.ts";
import { type IntrospectOptions, introspectRoute } from "./introspect-route.ts";
import { admitEveryOrigin, openRoute, preflightRoute } from "./open-cors.ts";
import { registerRoute } from "./register-route.ts";
import { type RevokeOperations, revokeRoute } from "./revoke-route.ts";
import { type TokenOperations, tokenRoute } from "./token-route.ts";

/** The stories of the authorization server. */
export interface OAuthOperations extends TokenOperations, RevokeOperations {
  readonly introspection: IntrospectOptions;
  readonly page: AuthorizePageParts;
  /** Undefined if clients may not register themselves. */
  readonly registerClient: RegisterClient | undefined;
}

/** The edge's own refusal of a body names JSON. */
function inOAuthWords(refusal: LatchkeyError): LatchkeyError {
  const { code, reason } = refusal;
  if (code !== "bad_request") return refusal;
  return new LatchkeyError("invalid_request", { ...(reason !== undefined && { reason }) });
}

/** Serves the endpoints for programs. Web pages of every origin may call them. */
export function oauthRoutes(app: FastifyInstance, operations: OAuthOperations): void {
  app.register(async (scope) => {
    // Schemas are for the document. The routes check their bodies themselves, and answer in the form of OAuth.
    scope.setValidatorCompiler(() => () => true);
    scope.setErrorHandler(errorHandler(operations.page.log, { translated: inOAuthWords }));
    scope.addHook("onRoute", (route) => {
      route.config = { ...route.config, ...openRoute };
    });
    scope.addHook("onRequest", admitEveryOrigin);
    const paths = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];
    for (const path of paths) preflightRoute(scope, path, "POST");
    tokenRoute(scope, operations);
    revokeRoute(scope, operations);
    introspectRoute(scope, operations.introspection);
    if (operations.registerClient === undefined) return;
    preflightRoute(scope, "/oauth/register", "POST");
    registerRoute(scope, operations.registerClient);
  });
}
