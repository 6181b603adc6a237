import { once } from "node:events";
import { createServer } from "node:http";
import { createGuard } from "@latchkey/guard";
import { guardMcp } from "@latchkey/guard/mcp";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { Notes } from "./notes.ts";
import { audit, byField, notesServer, policy } from "./notes-server.ts";

const issuer = process.env["LATCHKEY_ISSUER"] ?? "http://127.0.0.1:8000";
const port = Number(process.env["PORT"] ?? 4001);
/** The paths of the tools and of their protected resource metadata (RFC 9728), without their query. */
const signInPath = /^\/(mcp|\.well-known\/oauth-protected-resource(\/mcp)?)$/;
const fieldPath = /^(\/\.well-known\/oauth-protected-resource)?\/mcp\/token-field$/;

// By default Node keeps only the first of two Authorization headers. Joined, they are refused. Milliseconds: an idle
// connection outlives that of a client or a proxy. Otherwise a request meets a closing connection and fails.
const server = createServer({ joinDuplicateHeaders: true, keepAliveTimeout: 72_000 }).listen(
  port,
  "127.0.0.1",
);
await once(server, "listening");
const address = server.address();
const resource = `http://127.0.0.1:${typeof address === "object" ? address?.port : port}/mcp`;

// A client that signs in by OAuth gets a token for the resource; `/auth/login` gives tokens for the issuer.
const guard = createGuard({ issuer, audience: [resource, issuer] });
const access = { guard, onDecision: audit };
const notes = new Notes();

// A request without a token gets 401, and a client signs in.
const signInHandler = createMcpHandler(() => notesServer(access, notes));
const signIn = toNodeHandler(guardMcp(signInHandler, { ...policy, ...access, resource }));

const fieldAccess = { ...access, ...byField };
const fieldHandler = createMcpHandler(() => notesServer(fieldAccess, notes));
const fieldPolicy = {
  ...policy,
  ...fieldAccess,
  withoutBearer: "field",
  resource: `${resource}/token-field`,
  // Clients that sign in by OAuth use the other path.
  authorizationServers: [],
} as const;
const field = toNodeHandler(guardMcp(fieldHandler, fieldPolicy));

server.on("request", (request, response) => {
  const { method = "GET", url = "/" } = request;
  const [path = ""] = url.split("?", 1);
  const answer = signInPath.test(path) ? signIn : fieldPath.test(path) ? field : undefined;
  if (answer === undefined) response.writeHead(404).end();
  else void answer(Object.assign(request, { method, url }), response);
});
process.stdout.write(`notes at ${resource}, with logins from ${issuer}\n`);

function end(): void {
  server.close(() => guard.close());
  for (const handler of [signInHandler, fieldHandler]) void handler.close();
  // Slow requests get one more second.
  setTimeout(() => server.closeAllConnections(), 1_000).unref();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
