import type { FastifyInstance } from "fastify";
import { isLoopback } from "../../core/throttle/addresses.ts";
import { addInnerApp } from "../inner-app.ts";
import type { InnerPaths } from "../inner-routes.ts";
import type { AuthorizePageParts } from "./authorize-parts.ts";

/** The sign-in page. Its stories are opened by the first request. */
export interface AuthorizeMount {
  /** The public URL of this server. */
  readonly issuer: string;
  /** Whether people sign in at an identity provider. */
  readonly brokered: boolean;
  readonly open: () => Promise<AuthorizePageParts>;
}

const paths: InnerPaths = { "/oauth/authorize": ["GET", "HEAD", "POST", "OPTIONS"] };

/**
 * Serves the sign-in page, and the callback of an identity provider, as an inner app. No other file may import
 * `authorize-route.ts` and `callback-route.ts` at start.
 *
 * @throws if the issuer is reached without TLS from other machines: a password would be readable on the way
 */
export function authorizeApp(app: FastifyInstance, { issuer, brokered, open }: AuthorizeMount): void {
  const { protocol, hostname } = new URL(issuer);
  if (protocol !== "https:" && !isLoopback(hostname)) {
    throw new Error(`the sign-in page needs an issuer with https, or on this machine: ${issuer}`);
  }
  addInnerApp(app, {
    paths: brokered ? { ...paths, "/oauth/callback": ["GET"] } : paths,
    // No other origin may read the pages, also if LATCHKEY_CORS_ORIGINS names it.
    config: { cors: false },
    refusesPreflights: true,
    async open(inner) {
      const { authorizeRoutes } = await import("./authorize-route.ts");
      const parts = await open();
      authorizeRoutes(inner, parts);
      const { broker } = parts;
      if (broker === undefined) return;
      const { callbackRoute } = await import("./callback-route.ts");
      callbackRoute(inner, { ...parts, broker });
    },
  });
}
