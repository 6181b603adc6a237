import { AsyncLocalStorage } from "node:async_hooks";
import { type AnyGuard, guardMcp, guardTools, type ToolDecision } from "@latchkey/guard/mcp";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import type { Caller } from "../core/audit-events.ts";
import { version } from "../core/version.ts";
import { type AdminToolParts, registerAdminTools } from "./admin-tools.ts";
import { type OwnToolParts, registerOwnTools } from "./own-tools.ts";
import { toolRulesOf } from "./policy.ts";
import { runTool, type ToolLog } from "./tool-result.ts";

export interface EndpointParts extends OwnToolParts, AdminToolParts {
  readonly guard: AnyGuard;
  /** The endpoint's own public address. */
  readonly resource: string;
  /**
   * The answer to a request without a bearer header: a challenge, which makes a client sign in, or the tools, which
   * then take the token as an argument of each call.
   */
  readonly withoutBearer: "challenge" | "field";
  /** Issuers that OAuth clients can ask for a token. */
  readonly authorizationServers: readonly string[];
  /** Web pages that may call it besides those of its own origin; undefined for the guard's default. */
  readonly origins: readonly string[] | "*" | undefined;
  readonly log: ToolLog;
}

/** Answers requests for the endpoint and for its protected-resource metadata. */
export type McpEndpoint = (request: Request, caller: Caller) => Promise<Response>;

const serverInfo = { name: "latchkey", title: "Latchkey", version };
const instructions =
  "Your account and your own sessions on this Latchkey server. Administrators and support also manage other users.";

/**
 * The server's own tools over Streamable HTTP. It keeps no state between requests, so any replica answers any request.
 * It pushes no messages, so no connection stays open.
 */
export function createMcpEndpoint(parts: EndpointParts): McpEndpoint {
  const { guard, log, resource, origins, authorizationServers } = parts;
  const { withoutBearer } = parts;
  const callers = new AsyncLocalStorage<Caller>();
  // A frozen policy is read once, although each request makes a server from it.
  const policy = Object.freeze({
    guard,
    ...(withoutBearer === "field" ? { withoutBearer, tokenField: "token" } : {}),
    tools: toolRulesOf(parts.resets !== undefined),
    onDecision: (decision: ToolDecision) => logDenial(decision, log, callerOf(callers)),
  });

  function makeServer(): McpServer {
    const caller = callerOf(callers);
    const run = runTool(log, caller.requestId);
    const server = guardTools(new McpServer(serverInfo, { instructions }), policy);
    registerOwnTools(server, parts, caller, run);
    registerAdminTools(server, parts, caller, run);
    // The list of tools never changes. The capability says so, and a client that follows it keeps no connection open.
    server.server.registerCapabilities({ tools: { listChanged: false } });
    return server;
  }

  const gate = guardMcp(createMcpHandler(makeServer), {
    ...policy,
    resource,
    authorizationServers,
    ...(origins !== undefined && { origins }),
  });
  return (request, caller) => callers.run(caller, () => gate.fetch(request));
}

function callerOf(callers: AsyncLocalStorage<Caller>): Caller {
  const caller = callers.getStore();
  if (caller === undefined) throw new Error("not within a request");
  return caller;
}

/**
 * Logs a denied call without its arguments: at `info` for a known user, at `debug` for an unknown caller, because there
 * can be any number of those. The audit trail has the changes of allowed calls.
 */
function logDenial(decision: ToolDecision, log: ToolLog, { address, requestId }: Caller): void {
  const { outcome, tool, userId, code, reason } = decision;
  if (outcome === "allowed") return;
  const fields = { event: "tool.denied", tool, actor: userId, code, reason, address, requestId };
  log[userId === undefined ? "debug" : "info"](fields, "tool.denied");
}
