import cors from "@fastify/cors";
import Fastify, { type FastifyInstance } from "fastify";
import { LatchkeyError } from "../core/errors.ts";
import { type AuthOperations, authRoutes } from "./auth-routes.ts";
import { answerUnusualRequests, brokenRequestAnswers } from "./broken-requests.ts";
import { ClientAddresses, type ProxyOptions } from "./client-addresses.ts";
import { documentation } from "./docs.ts";
import { errorHandler, sendError } from "./error-answers.ts";
import { finishBeforeClosing } from "./finish-before-closing.ts";
import { type Health, healthRoutes } from "./health.ts";
import { type HostOptions, hostCheck } from "./hosts.ts";
import { httpLog } from "./http-log.ts";
import { takeBodiesAsBytes } from "./json-body.ts";
import { type McpMount, mcpRoute } from "./mcp-route.ts";
import { countRequests, type MetricsFeed, metricsRoute } from "./metrics-route.ts";
import { requestIds } from "./request-ids.ts";
import { targetRewriter } from "./request-target.ts";
import { type RevocationFeed, revocationRoutes } from "./revocation-routes.ts";
import { models } from "./schemas.ts";
import { type HeaderOptions, securityHeaders } from "./security-headers.ts";
import { methodsOf, refuseUnrouted } from "./unrouted.ts";
import { type ForeignIssuer, type KeySetSource, wellKnownRoutes } from "./well-known.ts";

export interface AppParts extends AuthOperations, Health, HostOptions, HeaderOptions, ProxyOptions {
  readonly keySet: KeySetSource;
  /** Whose tokens these are, where they are not this server's own. */
  readonly foreign: ForeignIssuer | undefined;
  readonly corsOrigins: readonly string[];
  /** The ended sessions, for guards. */
  readonly revocationFeed: RevocationFeed;
  readonly metrics: MetricsFeed;
  /** How long idle connections are kept while the server closes, in milliseconds. */
  readonly idleGrace: number;
  /** The server's own tools; undefined where they are off. */
  readonly mcp: McpMount | undefined;
}

const maxBodyBytes = 16 * 1024;
const maxUrlLength = 2048;

/** How long a client may take, in milliseconds: to send its headers, to send all, to stay idle. */
const patience = { headers: 5_000, request: 10_000, idle: 65_000, check: 1_000 };

/** The HTTP edge: every route, every limit, one shape of error. */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const secure = securityHeaders(parts);
  const addresses = new ClientAddresses(parts);
  const refuseHost = hostCheck(parts);
  const rewriteTarget = targetRewriter(parts.issuer);
  const app = Fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: patience.request,
    keepAliveTimeout: patience.idle,
    http: {
      headersTimeout: patience.headers,
      connectionsCheckingInterval: patience.check,
      maxHeaderSize: 16 * 1024,
      // The host check answers instead, as an error like any other.
      requireHostHeader: false,
    },
    rewriteUrl(request) {
      return rewriteTarget(request, (path) => methodsOf(this, path).length > 0);
    },
    genReqId: requestIds((request) => addresses.isFromProxy(request)),
    return503OnClosing: false,
    clientErrorHandler: brokenRequestAnswers(parts),
    // A path that cannot be decoded runs no hook.
    frameworkErrors: (_error, request, reply) =>
      sendError(secure(request, reply), refuseHost(request.raw) ?? new LatchkeyError("not_found")),
    // One broken field hides no other; nothing is coerced, because 5 is not a password.
    ajv: { customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false } },
  });
  answerUnusualRequests(app, parts);
  finishBeforeClosing(app, { request: patience.request, idle: parts.idleGrace });
  const log = httpLog(parts.log);
  for (const model of models) app.addSchema(model);
  app.setSerializerCompiler(() => JSON.stringify);
  takeBodiesAsBytes(app);
  app.decorateReply("refusal", null);
  app.decorateRequest("clientAddress", {
    getter() {
      return addresses.of(this.raw);
    },
  });
  countRequests(app, parts.metrics.requests);
  app.addHook("onRequest", (request, reply, done) => {
    secure(request, reply);
    done(
      refuseHost(request.raw) ??
        (request.url.length > maxUrlLength ? new LatchkeyError("uri_too_long") : undefined),
    );
  });
  app.setErrorHandler(errorHandler(log));

  if (parts.corsOrigins.length > 0) await app.register(cors, corsOptions(parts.corsOrigins));
  // After CORS: a page may read this refusal as well.
  refuseUnrouted(app);
  await app.register(documentation(parts.issuer));
  await app.register(async (scope) => {
    for (const mount of ["/auth", "/api/v1/auth"]) authRoutes(scope, mount, parts);
    wellKnownRoutes(scope, parts.issuer, parts.keySet, parts.foreign);
    healthRoutes(scope, parts);
    revocationRoutes(scope, parts.revocationFeed);
    metricsRoute(scope, parts.metrics);
    if (parts.mcp !== undefined) mcpRoute(scope, parts.mcp);
  });
  await app.ready();
  return app;
}

function corsOptions(origins: readonly string[]) {
  return {
    origin: origins.includes("*") ? "*" : [...origins],
    methods: ["GET", "POST"],
    allowedHeaders: ["Authorization", "Content-Type", "X-Request-Id"],
    exposedHeaders: ["Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate", "X-Request-Id"],
    maxAge: 600,
  };
}
