import { randomUUID } from "node:crypto";
import type { RequestListener } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import express from "express";
import { guardMcp, type HttpPolicy } from "../../src/mcp/index.ts";
import { guardMcp as guardMcpV1 } from "../../src/mcp/v1.ts";
import type { Evidence, rules } from "./notes-policy.ts";
import { makeNotes as makeNotesV1 } from "./notes-v1.ts";
import { makeNotes as makeNotesV2 } from "./notes-v2.ts";

/** A notes server with MCP sessions of the revisions up to 2025-11-25. */
export interface Sessions {
  readonly listener: RequestListener;
  /** Sends an unrequested message to a session's client. */
  notify(session: string, message: string): Promise<void>;
}

export function sessionsV1(policy: HttpPolicy<typeof rules>, evidence: Evidence): Sessions {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const servers = new Map<string, ReturnType<typeof makeNotesV1>>();
  const app = express();
  app.all("/mcp", guardMcpV1(policy), async (request, response) => {
    let transport = transports.get(String(request.headers["mcp-session-id"]));
    if (transport === undefined) {
      const opened = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => {
          transports.set(session, opened);
          servers.set(session, server);
        },
      });
      const server = makeNotesV1(policy, evidence);
      await server.connect(opened as Parameters<typeof server.connect>[0]);
      transport = opened;
    }
    await transport.handleRequest(request, response, request.body);
  });
  return {
    listener: app,
    notify: async (session, message) => await servers.get(session)?.server.notification(progress(message)),
  };
}

export function sessionsV2(policy: HttpPolicy<typeof rules>, evidence: Evidence): Sessions {
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const servers = new Map<string, ReturnType<typeof makeNotesV2>>();
  const handler = guardMcp(async (request, options) => {
    let transport = transports.get(String(request.headers.get("mcp-session-id")));
    if (transport === undefined) {
      const opened = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => {
          transports.set(session, opened);
          servers.set(session, server);
        },
      });
      const server = makeNotesV2(policy, evidence);
      await server.connect(opened);
      transport = opened;
    }
    return await transport.handleRequest(request, options);
  }, policy);
  return {
    // With exact optional properties, Node's requests do not match the SDK's types.
    listener: toNodeHandler(handler) as RequestListener,
    notify: async (session, message) => await servers.get(session)?.server.notification(progress(message)),
  };
}

function progress(message: string) {
  return { method: "notifications/progress", params: { progressToken: 1, progress: 1, message } } as const;
}
