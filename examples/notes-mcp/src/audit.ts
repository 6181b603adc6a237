import type { ToolDecision } from "@latchkey/guard/mcp";

/** Writes a line for each call of a tool, to standard error: over stdio, standard output is the protocol's. */
export function audit(decision: ToolDecision): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...decision })}\n`);
}
