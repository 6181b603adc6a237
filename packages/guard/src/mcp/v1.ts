export { codeKey, scopesKey } from "./denial.ts";
export { guardMcp, mcpMetadata, type NodeMiddleware } from "./guard-mcp-v1.ts";
export { type GuardedContext, type GuardedServer, guardTools } from "./guard-tools-v1.ts";
export type { Verifier } from "./held-token.ts";
export type { HttpPolicy } from "./http-policy.ts";
export type { ToolDecision, ToolGuard, ToolPolicy, ToolRules } from "./tool-policy.ts";
