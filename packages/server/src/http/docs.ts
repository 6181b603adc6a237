import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { version } from "../core/version.ts";

/** Serves `/openapi.json`, generated from the routes, and `/docs`, a page that works offline. */
export async function documentationRoutes(app: FastifyInstance, issuer: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Latchkey",
        version,
        description: "Sign-in for APIs and MCP servers: password in, JWT out, and logout that works.",
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: issuer }],
      tags: [
        { name: "Auth", description: "Sign in, refresh, current user and sign out" },
        { name: "authentication", description: "The same four operations under /api/v1" },
        { name: "Keys", description: "Issuer and public keys, for verifiers" },
        { name: "Guards", description: "The revocation list, for guards" },
        { name: "Health", description: "Health and metrics of the process" },
      ],
      components: {
        securitySchemes: {
          HTTPBearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
          MetricsKey: keyScheme("LATCHKEY_METRICS_KEYS"),
          GuardKey: keyScheme("LATCHKEY_GUARD_KEYS"),
        },
      },
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
      theme: { title: "Latchkey" },
      // The page may call only its own origin. That can differ from the issuer: `localhost` is not `127.0.0.1`.
      transformSpecification: (document) => ({ ...document, servers: [{ url: ".." }] }),
      uiConfig: { layout: "BaseLayout", validatorUrl: null, tryItOutEnabled: true },
    });
  });
}

function keyScheme(setting: string) {
  const description = `One of ${setting}; not needed on the server's own machine`;
  return { type: "http", scheme: "bearer", description } as const;
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
