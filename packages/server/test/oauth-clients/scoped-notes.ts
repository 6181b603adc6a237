import { createServer } from "node:http";
import { allow, createGuard, type Principal } from "@latchkey/guard";
import { guardMcp, guardTools } from "@latchkey/guard/mcp";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";

/** An MCP server with a tool for each of its scopes. A sign-in begins with the first scope alone. */
export interface ScopedNotes extends AsyncDisposable {
  readonly address: string;
}

/** Starts the server behind a guard that trusts an issuer. */
export async function startScopedNotes(issuer: string): Promise<ScopedNotes> {
  // Milliseconds: an idle connection outlives that of a client.
  const http = createServer({ keepAliveTimeout: 72_000 });
  const resource = `http://127.0.0.1:${await listenLocally(http)}/mcp`;
  const guard = createGuard({ issuer, audience: resource });
  const tools = { read_notes: allow.scopes("notes:read"), write_notes: allow.scopes("notes:write") };
  const handler = createMcpHandler(() => {
    const bare = new McpServer({ name: "scoped notes", version: "1.0.0" });
    const server = guardTools(bare, { guard, tools });
    server.registerTool("read_notes", { description: "Reads notes." }, ({ principal }) =>
      scopesOf(principal),
    );
    server.registerTool("write_notes", { description: "Writes notes." }, ({ principal }) =>
      scopesOf(principal),
    );
    return bare;
  });
  const guarded = guardMcp(handler, { guard, tools, resource, scopesSupported: ["notes:read"] });
  const answer = toNodeHandler(guarded);
  http.on("request", (request, response) => {
    const { method = "GET", url = "/" } = request;
    void answer(Object.assign(request, { method, url }), response);
  });
  return {
    address: resource,
    async [Symbol.asyncDispose]() {
      await closeNow(http);
      await handler.close();
      guard.close();
    },
  };
}

function scopesOf({ username, scopes }: Principal) {
  return { content: [{ type: "text" as const, text: `${username}: ${[...scopes].sort().join(" ")}` }] };
}
