import type { ToolAnnotations } from "@modelcontextprotocol/server";

// What clients are told of a tool before they call it. All of them work on this server alone.

export const reads: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };

/** What it ends is not brought back; called again, it finds nothing more to end. */
export const ends: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: false,
};

export const restores: ToolAnnotations = { ...ends, destructiveHint: false };
