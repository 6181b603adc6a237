import type { ToolDecision } from "@latchkey/guard/mcp";
import type { Caller } from "../core/audit-events.ts";

/** What the tools need of a log. */
export interface ToolLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Tells of calls that were turned away, without their arguments: of people who are known at `info`, of strangers
 * at `debug`, because there can be any number of them. What a call changes is in the audit trail.
 */
export function tellDenial(decision: ToolDecision, log: ToolLog, { address, requestId }: Caller): void {
  const { outcome, tool, userId, code, reason } = decision;
  if (outcome === "allowed") return;
  const fields = { event: "tool.denied", tool, actor: userId, code, reason, address, requestId };
  log[userId === undefined ? "debug" : "info"](fields, "tool.denied");
}
