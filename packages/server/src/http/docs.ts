import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { closedAnswers, docsScript, docsStyle } from "./docs-page.ts";
import { type DocumentedServer, describeServer, securitySchemes, tags } from "./openapi-info.ts";

/** Serves `/openapi.json`, generated from the routes, and `/docs`, a page that works offline. */
export async function documentationRoutes(app: FastifyInstance, server: DocumentedServer): Promise<void> {
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
