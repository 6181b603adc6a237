import { allow } from "@latchkey/guard";

/** Whoever is signed in. */
const signedIn = allow.all();
const administrators = allow.roles("admin");

/** Who may call the server's own tools. What is not listed here is denied to everybody. */
export const toolRules = {
  who_am_i: signedIn,
  list_my_sessions: signedIn,
  end_my_session: signedIn,
  end_all_my_sessions: signedIn,
  find_user: administrators,
  disable_user: administrators,
  enable_user: administrators,
  end_user_sessions: administrators,
  recent_audit_events: administrators,
};

export type ToolRules = typeof toolRules;
