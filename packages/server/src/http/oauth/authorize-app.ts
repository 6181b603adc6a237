import type { FastifyInstance } from "fastify";
import { isLoopback } from "../../core/throttle/addresses.ts";
import { addInnerApp } from "../inner-app.ts";
import type { InnerPaths } from "../inner-routes.ts";
import type { AuthorizePageParts } from "./authorize-parts.ts";

const paths: InnerPaths = { "/oauth/authorize": ["GET", "HEAD", "POST", "OPTIONS"] };

/**
 * Serves the sign-in page, and the callback of an identity provider, as an inner app. No other file may import
 * `authorize-route.ts` and `callback-route.ts` at start.
 *
 * @throws if the issuer is reached without TLS from other machines: a password would be readable on the way
 */
export function authorizeApp(app: FastifyInstance, parts: AuthorizePageParts): void {
  const { issuer, broker } = parts;
  const { protocol, hostname } = new URL(issuer);
  if (protocol !== "https:" && !isLoopback(hostname)) {
    throw new Error(`the sign-in page needs an issuer with https, or on this machine: ${issuer}`);
  }
  addInnerApp(app, {
    paths: broker === undefined ? paths : { ...paths, "/oauth/callback": ["GET"] },
    // No other origin may read the pages, also if LATCHKEY_CORS_ORIGINS names it.
    config: { cors: false },
    async open(inner) {
      const { authorizeRoutes } = await import("./authorize-route.ts");
      authorizeRoutes(inner, parts);
      if (broker === undefined) return;
      const { callbackRoute } = await import("./callback-route.ts");
      callbackRoute(inner, { ...parts, broker });
    },
  });
}
