import { fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { guardTools, type ToolGuard } from "../../src/mcp/index.ts";
import { type Evidence, rules } from "./notes-policy.ts";

/** A notes server on the SDK's second major version. Its handlers answer with their arguments. */
export function makeNotes(policy: ToolGuard, evidence: Evidence): McpServer {
  const server = guardTools(new McpServer({ name: "notes", version: "2.0.0" }), { ...policy, tools: rules });
  server.server.onerror = (error) => evidence.note("onerror", error);
  const answer = (args: unknown, context: { readonly principal: { readonly userId: string } }) => {
    evidence.note("handler", args, context);
    const text = JSON.stringify({ args, userId: context.principal.userId });
    return { content: [{ type: "text" as const, text }] };
  };
  const text = z.strictObject({ text: z.string() });
  server.registerTool("search", { description: "Finds notes", inputSchema: text }, answer);
  server.registerTool("recommend", { inputSchema: text }, answer);
  server.registerTool("purge", {}, (context) => answer({}, context));
  server.registerTool("export", { inputSchema: z.looseObject({}) }, answer);
  const owned = fromJsonSchema<{ owner: string }>({
    type: "object",
    properties: { owner: { type: "string" } },
    required: ["owner"],
    additionalProperties: false,
  });
  server.registerTool("edit", { inputSchema: owned }, answer);
  server.registerTool("broken", {}, (context) => answer({}, context));
  return server;
}
