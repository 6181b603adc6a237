import { createServer, type RequestListener } from "node:http";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createMcpHandler } from "@modelcontextprotocol/server";
import express from "express";
import { guardMcp, type HttpPolicy } from "../../src/mcp/index.ts";
import { guardMcp as guardMcpV1, mcpMetadata } from "../../src/mcp/v1.ts";
import { type Evidence, rules } from "./notes-policy.ts";
import { makeNotes as makeNotesV1 } from "./notes-v1.ts";
import { makeNotes as makeNotesV2 } from "./notes-v2.ts";

type WithoutAddress<Policy> =
  Policy extends HttpPolicy<typeof rules> ? Omit<Policy, "tools" | "resource"> : never;

/** The policy of a notes server, without its tools and its address. */
export type NotesPolicy = WithoutAddress<HttpPolicy<typeof rules>>;

export interface HttpNotes extends AsyncDisposable {
  readonly origin: string;
  readonly url: string;
}

/** The notes server of a major version at `/mcp` of a real HTTP server. It keeps no state between requests. */
export async function serveNotes(major: 1 | 2, policy: NotesPolicy, evidence: Evidence): Promise<HttpNotes> {
  return await serve(policy, (whole) =>
    major === 1 ? listenerV1(whole, evidence) : listenerV2(whole, evidence),
  );
}

/** Serves a listener that is made from the whole policy. The policy needs the address, so the server listens first. */
export async function serve(
  policy: NotesPolicy,
  make: (policy: HttpPolicy<typeof rules>) => RequestListener,
): Promise<HttpNotes> {
  const server = createServer();
  const origin = `http://127.0.0.1:${await listenLocally(server)}`;
  server.on("request", make({ ...policy, tools: rules, resource: `${origin}/mcp` }));
  return { origin, url: `${origin}/mcp`, [Symbol.asyncDispose]: () => closeNow(server) };
}

function listenerV2(policy: HttpPolicy<typeof rules>, evidence: Evidence): RequestListener {
  const handler = createMcpHandler(
    async ({ authInfo, requestInfo }) => {
      evidence.note(
        "factory",
        authInfo,
        [...(requestInfo?.headers ?? [])],
        await requestInfo?.clone().text(),
      );
      return makeNotesV2(policy, evidence);
    },
    { onerror: (error) => evidence.note("entry", error) },
  );
  // With exact optional properties, Node's requests do not match the SDK's types.
  return toNodeHandler(guardMcp(handler, policy)) as RequestListener;
}

function listenerV1(policy: HttpPolicy<typeof rules>, evidence: Evidence): RequestListener {
  const app = express();
  app.use(mcpMetadata(policy));
  app.all("/mcp", guardMcpV1(policy), async (request, response) => {
    evidence.note("request", request.headers, request.rawHeaders, request.body);
    const server = makeNotesV1(policy, evidence);
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    transport.onerror = (error) => evidence.note("transport", error);
    response.on("close", () => void server.close());
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, request.body);
  });
  return app;
}
