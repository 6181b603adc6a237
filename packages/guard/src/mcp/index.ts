export type { AnyGuard } from "./held-token.ts";
export { guardMcp, type McpHandler } from "./http/guard-mcp.ts";
export type { HttpPolicy } from "./http/http-policy.ts";
export type { ToolDecision, ToolGuard, ToolPolicy, ToolRules } from "./policy.ts";
export { type GuardedContext, type GuardedServer, guardTools } from "./tools/guard-tools.ts";
export { codeKey, scopesKey } from "./tools/tool-calls.ts";
