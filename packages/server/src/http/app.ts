import Fastify, { type FastifyInstance } from "fastify";
import { LatchkeyError } from "../core/errors.ts";
import type { MailboxReading } from "../core/mail/kept-mail.ts";
import type { Site } from "../core/site.ts";
import { type AccountMount, accountApp } from "./account/account-app.ts";
import { type AdminMount, adminApp } from "./admin/admin-app.ts";
import { adminModels } from "./admin/admin-models.ts";
import { type AuthOperations, authRoutes } from "./auth-routes.ts";
import { answerUnusualRequests, brokenRequestAnswers } from "./broken-requests.ts";
import { requestIds } from "./caller.ts";
import { ClientAddresses, type ProxyOptions } from "./client-addresses.ts";
import { AnswerWithDefaults } from "./default-headers.ts";
import { docsRoutes } from "./docs/docs-routes.ts";
import { errorHandler, sendError } from "./error-answers.ts";
import { finishBeforeClosing } from "./finish-before-closing.ts";
import { type Health, healthRoutes } from "./health.ts";
import { type HostOptions, hostCheck } from "./hosts.ts";
import { lazyValidation } from "./lazy-validation.ts";
import { type McpMount, mcpRoute } from "./mcp-route.ts";
import { countRequests, type MetricsRouteOptions, metricsRoute } from "./metrics-routes.ts";
import { type OAuthMount, oauthApp } from "./oauth/oauth-app.ts";
import { oauthModels } from "./oauth/oauth-models.ts";
import type { StartPageOptions } from "./pages/start-page.ts";
import { startPageApp } from "./pages/start-page-app.ts";
import { logRefusedOrigins } from "./refused-origins.ts";
import { takeBodiesAsBytes } from "./request-input.ts";
import { requestRules } from "./request-rules.ts";
import { corsOptions, type HeaderOptions, securityHeaders } from "./response-headers.ts";
import { type RevocationRouteOptions, revocationRoutes } from "./revocation-routes.ts";
import { methodsOf, refuseUnrouted, targetRewriter } from "./routing.ts";
import { models } from "./schemas.ts";
import { selfServiceApp } from "./self-service-app.ts";
import { selfServiceModels } from "./self-service-models.ts";
import { mounts, type SelfServiceOperations } from "./self-service-parts.ts";
import { type WellKnownOptions, wellKnownRoutes } from "./well-known.ts";

/** The stories and options of the HTTP edge. */
export interface AppParts
  extends AuthOperations,
    Health,
    HostOptions,
    HeaderOptions,
    ProxyOptions,
    StartPageOptions,
    WellKnownOptions {
  readonly corsOrigins: readonly string[];
  /** The revocation list, for guards. */
  readonly revocationRoutes: RevocationRouteOptions;
  readonly metrics: MetricsRouteOptions;
  /** How long a closing server keeps idle connections, in milliseconds. */
  readonly idleGrace: number;
  /** The built-in MCP tools. Undefined if they are off. */
  readonly mcp: McpMount | undefined;
  /** The mails of a development server. Undefined if they are sent. */
  readonly mailbox: MailboxReading | undefined;
  /** The administration over HTTP. */
  readonly administration: AdminMount;
  /** The authorization server. Undefined if it is off. */
  readonly oauth: OAuthMount | undefined;
  /** The operator's site, which the pages name. */
  readonly site: Site;
  /** The pages for people's own accounts. Undefined if they are off. */
  readonly account: AccountMount | undefined;
  /** The own account. Undefined with the users of a realm. */
  readonly selfService: SelfServiceOperations | undefined;
}

/**
 * In characters. An authorization request holds a state, scopes, and a client id that may be a URL; so does a callback.
 * A request to the administration may hold a cursor, and a name with each character percent-encoded.
 */
const maxUrlLength = { long: 8192, other: 2048 };

/** Milliseconds that a client has for its headers and for the whole request, and that an idle connection stays open. */
const timeouts = { headers: 5_000, request: 10_000, idle: 65_000, check: 1_000 };

/** The HTTP edge: every route, every limit, one shape of error. */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const secure = securityHeaders(parts);
  const addresses = new ClientAddresses(parts);
  const refuseHost = hostCheck(parts);
  const rewriteTarget = targetRewriter(parts.issuer);
  const app = Fastify({
    ...requestRules,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.idle,
    http: {
      headersTimeout: timeouts.headers,
      connectionsCheckingInterval: timeouts.check,
      maxHeaderSize: 16 * 1024,
      // The host check refuses it instead, with the same error body as every other refusal.
      requireHostHeader: false,
      // A request without a body costs a tenth less. The price is the hook in `takeBodiesAsBytes`.
      optimizeEmptyRequests: true,
      ServerResponse: AnswerWithDefaults,
    },
    rewriteUrl(request) {
      return rewriteTarget(request, (path) => methodsOf(this, path).length > 0);
    },
    genReqId: requestIds((request) => addresses.isFromProxy(request)),
    return503OnClosing: false,
    clientErrorHandler: brokenRequestAnswers(parts),
    // Fastify runs no hooks for a path that it cannot decode.
    frameworkErrors: (_error, request, reply) =>
      sendError(secure(request, reply), refuseHost(request.raw) ?? new LatchkeyError("not_found")),
  });
  answerUnusualRequests(app, parts);
  finishBeforeClosing(app, { request: timeouts.request, idle: parts.idleGrace });
  const ownModels = [
    ...models,
    ...adminModels,
    ...(parts.oauth === undefined ? [] : oauthModels),
    ...(parts.selfService === undefined ? [] : selfServiceModels),
  ];
  app.setValidatorCompiler(lazyValidation(ownModels));
  takeBodiesAsBytes(app);
  app.decorate("operatorSite", parts.site);
  app.decorateReply("refusal", null);
  app.decorateRequest("clientAddress", {
    getter() {
      return addresses.of(this.raw);
    },
  });
  countRequests(app, parts.metrics.requests);
  logRefusedOrigins(app, parts);
  app.addHook("onRequest", (request, reply, done) => {
    secure(request, reply);
    done(refuseHost(request.raw) ?? (isTooLong(request.url) ? new LatchkeyError("uri_too_long") : undefined));
  });
  app.setErrorHandler(errorHandler(parts.log));

  if (parts.corsOrigins.length > 0) {
    await app.register(import("@fastify/cors"), corsOptions(parts.corsOrigins));
  }
  // After CORS, so that a page can read this refusal too.
  refuseUnrouted(app);
  if (parts.docs) docsRoutes(app, { ...parts, models: ownModels });
  await app.register(async (scope) => {
    for (const mount of mounts) authRoutes(scope, mount, parts);
    if (parts.selfService !== undefined) selfServiceApp(scope, parts.selfService);
    startPageApp(scope, parts);
    wellKnownRoutes(scope, parts);
    healthRoutes(scope, parts);
    revocationRoutes(scope, parts.revocationRoutes);
    metricsRoute(scope, parts.metrics);
    if (parts.mailbox !== undefined) {
      const { mailboxRoutes } = await import("./mailbox-routes.ts");
      mailboxRoutes(scope, parts.mailbox, parts.issuer);
    }
    if (parts.mcp !== undefined) mcpRoute(scope, parts.mcp);
    adminApp(scope, parts.administration);
    if (parts.oauth !== undefined) oauthApp(scope, parts.oauth);
    if (parts.account !== undefined) accountApp(scope, parts.account);
  });
  await app.ready();
  return app;
}

function isTooLong(url: string): boolean {
  if (url.length <= maxUrlLength.other) return false;
  const isLong = /^\/(?:oauth\/(?:authorize|callback)(?:\?|$)|admin\/v1\/)/.test(url);
  return !isLong || url.length > maxUrlLength.long;
}
