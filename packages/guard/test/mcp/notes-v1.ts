import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { guardTools, type ToolGuard } from "../../src/mcp/v1.ts";
import { type Evidence, rules } from "./notes-policy.ts";

/** The same notes server on the SDK's first major version. */
export function makeNotes(policy: ToolGuard, evidence: Evidence): McpServer {
  const server = guardTools(new McpServer({ name: "notes", version: "1.0.0" }), { ...policy, tools: rules });
  server.server.onerror = (error) => evidence.note("onerror", error);
  const answer = (args: unknown, context: { readonly principal: { readonly userId: string } }) => {
    evidence.note("handler", args, context);
    const text = JSON.stringify({ args, userId: context.principal.userId });
    return { content: [{ type: "text" as const, text }] };
  };
  const text = z.strictObject({ text: z.string() });
  server.registerTool("search", { description: "Finds notes", inputSchema: text }, answer);
  server.registerTool("recommend", { inputSchema: { text: z.string() } }, answer);
  server.registerTool("purge", {}, (context) => answer({}, context));
  server.registerTool("export", { inputSchema: z.looseObject({}) }, answer);
  server.registerTool("edit", { inputSchema: z.strictObject({ owner: z.string() }) }, answer);
  server.registerTool("broken", {}, (context) => answer({}, context));
  return server;
}
