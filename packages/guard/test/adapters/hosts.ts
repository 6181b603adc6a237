import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import express, { type ErrorRequestHandler, type Request as ExpressRequest } from "express";
import Fastify, { type FastifyRequest } from "fastify";
import { type Context, Hono } from "hono";
import "../../src/adapters/express.ts";
import "../../src/adapters/fastify.ts";
import type { RouteGuards } from "../../src/adapters/route-guards.ts";
import { allow, type Principal, type Rule } from "../../src/index.ts";

/** The rules of the routes of every host. `/me` has no rule, and `/notes/:owner` has the next one. */
const rules = {
  "/admin": allow.roles("admin", "operator"),
  "/read": allow.scopes("notes:read"),
  "/write": allow.scopes("notes:read", "notes:write"),
  "/purge": allow.all(allow.roles("admin"), allow.scopes("notes:write")),
  "/either": allow.any(allow.roles("admin"), allow.scopes("notes:write")),
  "/throws": allow.when(() => {
    throw new Error("the condition broke");
  }),
} as const satisfies Record<string, Rule<unknown>>;

/** The owner of the notes in the path. */
function isOwner(principal: Principal, owner: string | undefined): boolean {
  return owner === principal.username;
}

/** A listening server and its log. */
export interface Running {
  readonly url: string;
  readonly log: readonly string[];
  close(): Promise<unknown>;
}

/** Serves all routes behind a guard. A handler answers with the id of its user. */
export type Host = (guard: RouteGuards) => Promise<Running>;

const methods = ["GET", "POST", "OPTIONS", "DELETE"];
const maxHeaderSize = 1024 * 1024;

const fastify: Host = async (guard) => {
  const log: string[] = [];
  const app = Fastify({
    http: { maxHeaderSize },
    logger: {
      level: "trace",
      stream: { write: (line: string) => log.push(line) },
      // Fastify itself logs whole URLs. This test is about the lines of the guard.
      serializers: { req: ({ method }) => ({ method }) },
    },
  });
  app.addContentTypeParser("*", (_request, payload, done) => {
    payload.resume().on("end", () => done(null));
  });
  const handler = ({ principal }: FastifyRequest) => ({ reached: principal.userId });
  app.route({ method: methods, url: "/me", onRequest: guard.fastify(), handler });
  for (const [url, rule] of Object.entries(rules)) {
    app.route({ method: methods, url, onRequest: guard.fastify(rule), handler });
  }
  app.route<{ Params: { owner: string } }>({
    method: methods,
    url: "/notes/:owner",
    preHandler: guard.fastify(allow.when((principal, request) => isOwner(principal, request.params.owner))),
    handler,
  });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return { url, log, close: () => app.close() };
};

const expressHost: Host = async (guard) => {
  const log: string[] = [];
  const app = express();
  app.use(express.urlencoded());
  const handler: RequestListenerOf<ExpressRequest> = ({ principal }, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify({ reached: principal.userId }));
  };
  app.all("/me", guard.express(), handler);
  for (const [path, rule] of Object.entries(rules)) app.all(path, guard.express(rule), handler);
  const own = allow.when((principal, { params }: ExpressRequest<{ owner: string }>) =>
    isOwner(principal, params.owner),
  );
  app.all("/notes/:owner", guard.express(own), handler);
  const failed: ErrorRequestHandler = (error, _request, response, _next) => {
    log.push(String(error));
    response.status(500).end();
  };
  app.use(failed);
  return await listen(app, log);
};

type RequestListenerOf<R> = (request: R, response: ServerResponse) => void;

const hono: Host = async (guard) => {
  const log: string[] = [];
  const app = new Hono<{ Variables: { principal: Principal } }>();
  type Env = { Variables: { principal: Principal } };
  const handler = (context: Context<Env>) => context.json({ reached: context.var.principal.userId });
  app.all("/me", guard.hono(), handler);
  for (const [path, rule] of Object.entries(rules)) app.all(path, guard.hono(rule), handler);
  const own = allow.when((principal, context: Context) => isOwner(principal, context.req.param("owner")));
  app.all("/notes/:owner", guard.hono(own), handler);
  app.onError((error, context) => {
    log.push(String(error));
    return context.body(null, 500);
  });
  return await listen(fromFetch(app.fetch, log), log);
};

const fetchHost: Host = async (guard) => {
  const log: string[] = [];
  const handler = (_request: Request, { principal }: { principal: Principal }) =>
    Response.json({ reached: principal.userId });
  const routes = new Map<string, (request: Request) => Promise<Response>>([["/me", guard.fetch(handler)]]);
  for (const [path, rule] of Object.entries(rules)) routes.set(path, guard.fetch(handler, rule));
  const own = guard.fetch(
    handler,
    allow.when((principal, request) => isOwner(principal, new URL(request.url).pathname.split("/")[2])),
  );
  return await listen(
    fromFetch(async (request) => (routes.get(new URL(request.url).pathname) ?? own)(request), log),
    log,
  );
};

/** Middleware in front of a guard's routes. */
export const hosts: readonly (readonly [string, Host])[] = [
  ["Fastify", fastify],
  ["Express", expressHost],
  ["Hono", hono],
  ["a fetch handler", fetchHost],
];

/** Serves a fetch handler with Node's server. A rejection gets 500. */
export function fromFetch(
  handler: (request: Request) => Response | Promise<Response>,
  log: string[] = [],
): RequestListener {
  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.push(String(error));
      response.writeHead(500).end();
    });
  };

  async function answer(sent: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", rawHeaders } = sent;
    const headers = new Headers();
    for (let at = 0; at < rawHeaders.length; at += 2) {
      headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
    }
    const body = method === "GET" || method === "HEAD" ? null : Readable.toWeb(sent);
    const request = new Request(new URL(url, "http://127.0.0.1"), { method, headers, body, duplex: "half" });
    const answered = await handler(request);
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(new Uint8Array(await answered.arrayBuffer()));
  }
}

export async function listen(listener: RequestListener, log: readonly string[] = []): Promise<Running> {
  const server = createServer({ maxHeaderSize }, listener);
  const port = await listenLocally(server);
  return { url: `http://127.0.0.1:${port}`, log, close: () => closeNow(server) };
}
