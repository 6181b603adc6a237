import { createServer, type RequestListener } from "node:http";
import { TestIssuer } from "@latchkey/testkit/mcp/issuer";
import { people } from "@latchkey/testkit/mcp/tokens";
import { closeNow, listenLocally } from "@latchkey/testkit/sockets";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer as McpServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import express from "express";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { allow } from "../../src/index.ts";
import { guardMcp, guardTools, type HttpPolicy } from "../../src/mcp/index.ts";
import { guardMcp as guardMcpV1, guardTools as guardToolsV1 } from "../../src/mcp/v1.ts";

// A server over HTTP is made anew for each request. Its schemas are made once.

let conversions = 0;
const plain = z.object({ text: z.string() });
/** A schema that counts how often it is converted to JSON Schema. */
const counted = new Proxy(plain, {
  get(target, name) {
    if (name === "shape") conversions++;
    const value: unknown = Reflect.get(target, name);
    return value;
  },
});

const rules = { search: allow.all(), find: allow.all() };
let title = "Search";

describe.each([1, 2] as const)("a guarded server of major %i, made for each request", (major) => {
  let issuer: TestIssuer;
  let url: string;
  let user: string;
  const server = createServer();

  beforeAll(async () => {
    issuer = await TestIssuer.make();
    user = await issuer.token({ claims: people.user });
    url = `http://127.0.0.1:${await listenLocally(server)}/mcp`;
    const policy = {
      guard: issuer.guard(),
      authorizationServers: [issuer.issuer],
      withoutBearer: "field" as const,
      tokenField: "token",
      tools: rules,
      resource: url,
    };
    server.on("request", major === 1 ? listenerV1(policy) : listenerV2(policy));
  });
  afterAll(() => closeNow(server));
  beforeEach(() => {
    title = "Search";
  });

  async function ask(method: string, token?: string): Promise<string> {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method }),
    });
    expect(response.status).toBe(200);
    return await response.text();
  }

  it("converts and checks a schema once, however many requests come", async () => {
    const first = await ask("tools/list");
    expect(first).toContain('"token"');
    const before = conversions;
    expect(before).toBeGreaterThan(0);
    for (const method of ["tools/list", "ping", "tools/list"]) await ask(method);
    expect(await ask("tools/list")).toBe(first);
    expect(await ask("tools/list", user)).toContain("Not needed");
    expect(conversions).toBe(before);
  });

  it("shows a change of a tool since the last list", async () => {
    expect(await ask("tools/list")).toContain('"title":"Search"');
    title = "Look for";
    const changed = await ask("tools/list");
    expect(changed).toContain('"title":"Look for"');
    expect(changed).not.toContain('"title":"Search"');
  });
});

function listenerV2(policy: HttpPolicy<typeof rules>): RequestListener {
  const handler = createMcpHandler(() => {
    const server = guardTools(new McpServer({ name: "s", version: "2" }), policy);
    server.registerTool("search", { title, inputSchema: counted }, () => ({ content: [] }));
    server.registerTool("find", { inputSchema: counted }, () => ({ content: [] }));
    return server;
  });
  // With exact optional properties, Node's requests do not match the SDK's types.
  return toNodeHandler(guardMcp(handler, policy)) as RequestListener;
}

function listenerV1(policy: HttpPolicy<typeof rules>): RequestListener {
  const app = express();
  app.all("/mcp", guardMcpV1(policy), async (request, response) => {
    const server = guardToolsV1(new McpServerV1({ name: "s", version: "1" }), policy);
    server.registerTool("search", { title, inputSchema: counted }, () => ({ content: [] }));
    server.registerTool("find", { inputSchema: counted }, () => ({ content: [] }));
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on("close", () => void server.close());
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response, request.body);
  });
  return app;
}
