export { codeKey, scopesKey } from "./denial.ts";
export { type FetchHandler, guardMcp } from "./guard-mcp.ts";
export { type GuardedContext, type GuardedServer, guardTools } from "./guard-tools.ts";
export type { Verifier } from "./held-token.ts";
export type { HttpPolicy } from "./http-policy.ts";
export type { ToolDecision, ToolGuard, ToolPolicy, ToolRules } from "./tool-policy.ts";
