import { once } from "node:events";
import { createServer } from "node:http";
import { createGuard } from "@latchkey/guard";
import { guardMcp } from "@latchkey/guard/mcp";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { Notes } from "./notes.ts";
import { audit, notesServer, policy } from "./notes-server.ts";

const issuer = process.env["LATCHKEY_ISSUER"] ?? "http://127.0.0.1:8000";
const port = Number(process.env["PORT"] ?? 4001);
/** The paths of the tools and of their protected resource metadata (RFC 9728). */
const served = /^\/(mcp|\.well-known\/oauth-protected-resource(\/mcp)?)(\?|$)/;

const guard = createGuard({ issuer });
const access = { guard, onDecision: audit };
const notes = new Notes();
const handler = createMcpHandler(() => notesServer(access, notes));

// By default Node keeps only the first of two Authorization headers. Joined, they are refused.
const server = createServer({ joinDuplicateHeaders: true }).listen(port, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const resource = `http://127.0.0.1:${typeof address === "object" ? address?.port : port}/mcp`;

const guarded = guardMcp(handler, { ...policy, ...access, resource });
const answer = toNodeHandler(guarded);
server.on("request", (request, response) => {
  const { method = "GET", url = "/" } = request;
  if (served.test(url)) void answer(Object.assign(request, { method, url }), response);
  else response.writeHead(404).end();
});
process.stdout.write(`notes at ${resource}, with logins from ${issuer}\n`);

function end(): void {
  server.close(() => guard.close());
  void handler.close();
  // Slow requests get one more second.
  setTimeout(() => server.closeAllConnections(), 1_000).unref();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
