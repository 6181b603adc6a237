import type { IncomingMessage } from "node:http";
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  RouteOptions,
} from "fastify";
import type { LatchkeyError } from "../../core/errors.ts";
import { atFirstUse } from "../../core/first-use.ts";
import { type LogSink, logRefusal, sendError, toLatchkeyError } from "../error-answers.ts";
import type { DocumentedServer } from "./openapi-info.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The whole schema of the route, for the document, if its own schema has the input alone. */
    readonly describe?: () => FastifySchema;
  }
}

/** Each path, because a wildcard for all of `/docs/` would take the routes of an issuer whose path is `/docs`. */
const paths = ["/openapi.json", "/docs", "/docs/", "/docs/json", "/docs/yaml", "/docs/static/*"];

/**
 * Serves `/openapi.json`, generated from the routes, and `/docs`, a page that works offline. Call it before the routes
 * are added.
 *
 * The documentation is an app of its own, loaded at the first request, because its code costs each start 35 ms. No other
 * file may import `docs-app.ts`.
 */
export function docsRoutes(app: FastifyInstance, server: DocumentedServer & { readonly log: LogSink }): void {
  const routes: RouteOptions[] = [];
  app.addHook("onRoute", (route) => {
    routes.push(route);
  });
  // The documentation answers the same request with a reply of its own. The log and the metrics follow this one.
  const replies = new WeakMap<IncomingMessage, FastifyReply>();
  const open = atFirstUse(async () => {
    const { createDocsApp } = await import("./docs-app.ts");
    return createDocsApp({ server, routes, models: Object.values(app.getSchemas()), refuse });
  });

  async function answer({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> {
    const docs = await open();
    replies.set(raw, reply);
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.hijack();
    docs.routing(raw, reply.raw);
  }

  /** Logs and counts a refusal of the documentation as one of this server. */
  function refuse(error: FastifyError | LatchkeyError, { raw }: FastifyRequest, answered: FastifyReply) {
    const refusal = toLatchkeyError(error);
    const reply = replies.get(raw);
    if (reply !== undefined) {
      logRefusal(server.log, reply.request, refusal);
      reply.refusal = refusal.code;
    }
    return sendError(answered, refusal);
  }

  for (const path of paths) app.get(path, { schema: { hide: true } }, answer);
}
