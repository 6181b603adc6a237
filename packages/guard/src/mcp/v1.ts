export type { Verifier } from "./held-token.ts";
export { guardMcp, mcpMetadata, type NodeMiddleware } from "./http/guard-mcp-v1.ts";
export type { HttpPolicy } from "./http-policy.ts";
export type { ToolDecision, ToolGuard, ToolPolicy, ToolRules } from "./tool-policy.ts";
export { codeKey, scopesKey } from "./tools/denial.ts";
export { type GuardedContext, type GuardedServer, guardTools } from "./tools/guard-tools-v1.ts";
