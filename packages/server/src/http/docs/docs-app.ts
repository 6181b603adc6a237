import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { closedAnswers, docsScript, docsStyle } from "./docs-page.ts";
import { type DocumentedServer, describeServer, securitySchemes, tags } from "./openapi-info.ts";

/** The parts of the documentation. */
interface DocsParts {
  readonly server: DocumentedServer;
  /** All routes of the server. */
  readonly routes: readonly RouteOptions[];
  /** The schemas that the routes refer to. */
  readonly models: readonly unknown[];
}

/**
 * Adds `/openapi.json` and `/docs` to an inner app. The app gets the routes of the server for their descriptions alone,
 * and answers no request for them.
 */
export async function addDocs(app: FastifyInstance, { server, routes, models }: DocsParts): Promise<void> {
  app.setValidatorCompiler(() => () => true);
  for (const model of models) app.addSchema(model);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: describeServer(server),
      servers: [{ url: server.issuer }],
      tags,
      components: { securitySchemes },
    },
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, index) => String($id ?? `model-${index}`),
    },
  });
  for (const { method: methods, url, config, schema: input } of routes) {
    for (const method of [methods].flat()) {
      const schema = (await config?.describe?.(method)) ?? input;
      if (schema === undefined || schema.hide === true || method === "HEAD") continue;
      app.route({ method, url, schema, handler: unreachable });
    }
  }
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
  await app.register(async (scope) => {
    scope.addHook("onRequest", (request, reply, done) => {
      reply.header("content-security-policy", pagePolicy);
      reply.header("cross-origin-opener-policy", "same-origin");
      const target = redirects.get(request.url.split("?", 1)[0] ?? "");
      if (target === undefined) done();
      else reply.redirect(target);
    });
    await scope.register(swaggerUi, {
      routePrefix: "/docs",
      theme: {
        title: "Latchkey: API documentation",
        css: [{ filename: "latchkey.css", content: docsStyle }],
        js: [{ filename: "latchkey.js", content: docsScript }],
      },
      // The page may call only its own origin. That can differ from the issuer: `localhost` is not `127.0.0.1`.
      transformSpecification: (document) => ({ ...document, servers: [{ url: ".." }] }),
      uiConfig: {
        layout: "BaseLayout",
        validatorUrl: null,
        tryItOutEnabled: true,
        // One line for each operation and none for the models: the page begins as its table of contents.
        docExpansion: "list",
        defaultModelsExpandDepth: 0,
        plugins: [closedAnswers],
      },
    });
  });
}

/** No request reaches the routes that are there for their descriptions. */
function unreachable(_request: FastifyRequest, reply: FastifyReply): void {
  reply.callNotFound();
}

/**
 * Redirects to the page, as relative URLs: its links are relative, and a proxy may serve it under another path.
 */
const redirects: ReadonlyMap<string, string> = new Map([
  ["/docs", "docs/"],
  ["/docs/static/index.html", "../"],
]);

/** Allows the page's own scripts, styles and images, and calls to this server. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
