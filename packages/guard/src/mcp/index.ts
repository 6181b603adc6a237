export type { Verifier } from "./held-token.ts";
export { type FetchHandler, guardMcp } from "./http/guard-mcp.ts";
export type { HttpPolicy } from "./http-policy.ts";
export type { ToolDecision, ToolGuard, ToolPolicy, ToolRules } from "./tool-policy.ts";
export { codeKey, scopesKey } from "./tools/denial.ts";
export { type GuardedContext, type GuardedServer, guardTools } from "./tools/guard-tools.ts";
