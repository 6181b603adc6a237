import { AsyncLocalStorage } from "node:async_hooks";
import { guardMcp, guardTools, type ToolDecision, type Verifier } from "@latchkey/guard/mcp";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import type { Caller } from "../core/audit-events.ts";
import { version } from "../core/version.ts";
import { type AdminToolParts, registerAdminTools } from "./admin-tools.ts";
import { type OwnToolParts, registerOwnTools } from "./own-tools.ts";
import { toolRules } from "./policy.ts";
import { type ToolLog, tellDenial } from "./tool-log.ts";
import { runTool } from "./tool-result.ts";

export interface EndpointParts extends OwnToolParts, AdminToolParts {
  readonly guard: Verifier;
  /** The endpoint's own public address. */
  readonly resource: string;
  /** Web pages that may call it besides those of its own origin; undefined for the guard's own choice. */
  readonly origins: readonly string[] | "*" | undefined;
  readonly log: ToolLog;
}

/** Answers requests for `/mcp` and for its protected-resource metadata. */
export type McpEndpoint = (request: Request, caller: Caller) => Promise<Response>;

const serverInfo = { name: "latchkey", title: "Latchkey", version };
const instructions =
  "Sign-ins of the Latchkey server: who you are and your own sessions; for administrators, other users' too.";

/**
 * The server's own tools over Streamable HTTP. Nothing is kept between requests, so any replica answers any of
 * them; nothing is pushed, so no connection stays open.
 */
export function createMcpEndpoint(parts: EndpointParts): McpEndpoint {
  const { log, resource, origins } = parts;
  const callers = new AsyncLocalStorage<Caller>();
  const policy = {
    guard: parts.guard,
    tokenField: "token",
    tools: toolRules,
    onDecision: (decision: ToolDecision) => tellDenial(decision, log, callerOf(callers)),
  };

  function makeServer(): McpServer {
    const caller = callerOf(callers);
    const run = runTool(log, caller.requestId);
    const server = guardTools(new McpServer(serverInfo, { instructions }), policy);
    registerOwnTools(server, parts, caller, run);
    registerAdminTools(server, parts, caller, run);
    // Who subscribes to changes of the list is told that there will be none, and no connection stays open.
    server.server.registerCapabilities({ tools: { listChanged: false } });
    return server;
  }

  const handler = createMcpHandler(makeServer);
  const gate = guardMcp(handler, {
    ...policy,
    resource,
    // Latchkey takes passwords at `/auth/login`. An OAuth client that found it named here would fail in its flow.
    authorizationServers: [],
    ...(origins !== undefined && { origins }),
  });
  return (request, caller) => callers.run(caller, () => gate.fetch(request));
}

function callerOf(callers: AsyncLocalStorage<Caller>): Caller {
  const caller = callers.getStore();
  if (caller === undefined) throw new Error("not within a request");
  return caller;
}
