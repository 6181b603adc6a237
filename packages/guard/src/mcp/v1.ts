export type { AnyGuard } from "./held-token.ts";
export { guardMcp, mcpMetadata, type NodeMiddleware } from "./http/guard-mcp-v1.ts";
export type { HttpPolicy } from "./http/http-policy.ts";
export type { ToolDecision, ToolGuard, ToolPolicy, ToolRules } from "./policy.ts";
export { type GuardedContext, type GuardedServer, guardTools } from "./tools/guard-tools-v1.ts";
export { codeKey, scopesKey } from "./tools/tool-calls.ts";
