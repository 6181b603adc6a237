import type { FastifyInstance, RouteOptions } from "fastify";
import { type LogSink, logRefusal, sendError, toLatchkeyError } from "../error-answers.ts";
import { addInnerApp } from "../inner-app.ts";
import type { InnerPaths } from "../inner-routes.ts";
import type { DocumentedServer } from "./openapi-info.ts";

/** Each path, because a wildcard for all of `/docs/` would take the routes of an issuer whose path is `/docs`. */
const paths: InnerPaths = {
  "/openapi.json": ["GET", "HEAD"],
  "/docs": ["GET", "HEAD"],
  "/docs/": ["GET", "HEAD"],
  "/docs/json": ["GET", "HEAD"],
  "/docs/yaml": ["GET", "HEAD"],
  "/docs/static/*": ["GET", "HEAD"],
};

interface DocsRoutesOptions extends DocumentedServer {
  /** The schemas that the routes refer to. */
  readonly models: readonly unknown[];
  readonly log: LogSink;
}

/**
 * Serves `/openapi.json`, generated from the routes, and `/docs`, a page that works offline. Call it before the other
 * routes are added.
 *
 * The documentation is an inner app, because its code costs each start 35 ms. No other file may import `docs-app.ts`.
 */
export function docsRoutes(app: FastifyInstance, server: DocsRoutesOptions): void {
  const routes: RouteOptions[] = [];
  addInnerApp(app, {
    paths,
    async open(inner) {
      const { addDocs } = await import("./docs-app.ts");
      await addDocs(inner, { server, routes, models: server.models });
    },
    // The page has a route for each of its files. The log names the route of the server.
    refuse(error, request, reply) {
      const refusal = toLatchkeyError(error);
      logRefusal(server.log, request.outer ?? request, refusal);
      return sendError(reply, refusal);
    },
    // It has the routes of the server too, for their descriptions.
    hasOtherRoutes: true,
  });
  app.addHook("onRoute", (route) => {
    routes.push(route);
  });
}
