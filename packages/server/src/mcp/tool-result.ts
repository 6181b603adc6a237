import { codeKey } from "@latchkey/guard/mcp";
import type { CallToolResult } from "@modelcontextprotocol/server";
import { type ErrorCode, LatchkeyError } from "../core/errors.ts";
import { RefusedChange } from "../core/refused-change.ts";

/** The part of a log that the tools use. */
export interface ToolLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A request that cannot be fulfilled. The message is one line for the caller. */
export class ToolProblem extends Error {}

/** Runs a tool and turns its value, or its error, into a result. */
export type RunTool = (work: () => Promise<{ [name: string]: unknown }>) => Promise<CallToolResult>;

export function runTool(log: ToolLog, requestId: string): RunTool {
  return async (work) => {
    try {
      const value = await work();
      return { content: [{ type: "text", text: JSON.stringify(value) }], structuredContent: value };
    } catch (error) {
      if (error instanceof ToolProblem || error instanceof RefusedChange) return problem(error.message);
      const refusal =
        error instanceof LatchkeyError ? error : new LatchkeyError("internal_error", { cause: error });
      const { code, message, reason, status, cause } = refusal;
      if (status >= 500) log.error({ requestId, code, reason, err: cause }, "tool failed");
      return problem(message, code);
    }
  };
}

function problem(text: string, code?: ErrorCode): CallToolResult {
  return {
    isError: true,
    content: [{ type: "text", text }],
    ...(code !== undefined && { _meta: { [codeKey]: code } }),
  };
}
