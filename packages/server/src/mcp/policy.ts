import { allow } from "@latchkey/guard";
import type { ToolAnnotations } from "@modelcontextprotocol/server";

const everyUser = allow.all();
const administrators = allow.roles("admin");

/** The rules of the server's own tools. A tool without a rule is denied to every caller. */
export const toolRules = Object.freeze({
  who_am_i: everyUser,
  list_my_sessions: everyUser,
  end_my_session: everyUser,
  end_all_my_sessions: everyUser,
  find_user: administrators,
  disable_user: administrators,
  enable_user: administrators,
  end_user_sessions: administrators,
  recent_audit_events: administrators,
});

export type ToolRules = typeof toolRules;

// Hints for clients about the effect of a tool. All tools work on this server alone.

export const reads: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };

/** For a tool that ends sessions. They do not come back. A repeated call finds no more to end. */
export const ends: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: false,
};

export const restores: ToolAnnotations = { ...ends, destructiveHint: false };
