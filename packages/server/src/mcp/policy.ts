import { allow } from "@latchkey/guard";
import type { ToolAnnotations } from "@modelcontextprotocol/server";
import { type Power, rolesWith } from "../core/people/powers.ts";

const everyUser = allow.all();
const nobody = allow.any();

/** The roles that have a power. Scopes do not count here: the roles of a person decide what a client's token may do. */
const withPower = (power: Power) => allow.roles(...rolesWith(power));

/**
 * The rules of the server's own tools. A tool without a rule is denied to every caller.
 *
 * @param mail whether the server sends mails. Without, nobody may call the tool that sends one, and no list shows it
 */
export function toolRulesOf(mail: boolean) {
  return Object.freeze({
    who_am_i: everyUser,
    list_my_sessions: everyUser,
    end_my_session: everyUser,
    end_all_my_sessions: everyUser,
    find_user: withPower("users:read"),
    disable_user: withPower("users:write"),
    enable_user: withPower("users:write"),
    unlock_user: withPower("users:write"),
    send_password_reset: mail ? withPower("users:write") : nobody,
    end_user_sessions: withPower("sessions:write"),
    recent_audit_events: withPower("audit:read"),
  });
}

export type ToolRules = ReturnType<typeof toolRulesOf>;

// Hints for clients about the effect of a tool. All tools but the one that sends a mail work on this server alone.

export const reads: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };

/** For a tool that ends sessions. They do not come back. A repeated call finds no more to end. */
export const ends: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: true,
  openWorldHint: false,
};

export const restores: ToolAnnotations = { ...ends, destructiveHint: false };

/** For a tool that sends a mail: each call sends one more, to a mail server. */
export const sends: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: true,
};
