import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import { closedAnswers, docsScript, docsStyle } from "./docs-page.ts";
import { type DocumentedServer, describeServer, securitySchemes, tags } from "./openapi-info.ts";

/** The parts of the documentation. */
interface DocsParts {
  readonly server: DocumentedServer;
  /** All routes of the server. */
  readonly routes: readonly RouteOptions[];
  /** The schemas that the routes refer to. */
  readonly models: readonly unknown[];
  /** Answers a failed request. */
  readonly refuse: (
    error: FastifyError | LatchkeyError,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => FastifyReply;
}

/**
 * Creates the app behind `/openapi.json` and `/docs`. It has the routes of the server for their descriptions alone, and
 * answers no request for them.
 */
export async function createDocsApp({ server, routes, models, refuse }: DocsParts): Promise<FastifyInstance> {
  const notFound = (request: FastifyRequest, reply: FastifyReply) =>
    refuse(new LatchkeyError("not_found"), request, reply);
  const app = Fastify();
  app.setErrorHandler(refuse);
  app.setNotFoundHandler(notFound);
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
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
  for (const { method, url, config, schema: input } of routes) {
    const schema = config?.describe?.() ?? input;
    if (schema === undefined || schema.hide === true || method === "HEAD") continue;
    app.route({ method, url, schema, handler: notFound });
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
  await app.ready();
  return app;
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
