import type { FastifyInstance } from "fastify";
import { addInnerApp } from "../inner-app.ts";
import type { InnerPaths } from "../inner-routes.ts";
import { authorizeApp } from "./authorize-app.ts";
import type { OAuthOperations } from "./oauth-routes.ts";

/** The authorization server. Its stories are opened by the first request. */
export interface OAuthMount {
  /** The public URL of this server. */
  readonly issuer: string;
  /** Whether clients may register themselves. */
  readonly registration: boolean;
  /** Whether people sign in at an identity provider. */
  readonly brokered: boolean;
  readonly open: () => Promise<OAuthOperations>;
}

const paths: InnerPaths = {
  "/oauth/token": ["OPTIONS", "POST"],
  "/oauth/revoke": ["OPTIONS", "POST"],
  "/oauth/introspect": ["OPTIONS", "POST"],
};

/**
 * Serves the authorization server: its page, and its endpoints for programs, each as an inner app. No other file may
 * import `oauth-routes.ts` at start.
 */
export function oauthApp(app: FastifyInstance, { issuer, registration, brokered, open }: OAuthMount): void {
  authorizeApp(app, { issuer, brokered, open: async () => (await open()).page });
  addInnerApp(app, {
    paths: registration ? { ...paths, "/oauth/register": ["OPTIONS", "POST"] } : paths,
    // The routes decide themselves which web pages may call them: those of every origin.
    config: { cors: false },
    isDocumented: true,
    async open(inner) {
      const { oauthRoutes } = await import("./oauth-routes.ts");
      oauthRoutes(inner, await open());
    },
  });
}
