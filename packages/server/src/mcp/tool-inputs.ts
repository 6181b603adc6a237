import { auditEventNames } from "../core/audit-events.ts";
import { maxTypedName } from "../core/passwords/account-names.ts";
import { closed, compiled } from "./tool-schema.ts";

// The input schemas of the tools.

const name = {
  type: "string",
  minLength: 1,
  maxLength: maxTypedName,
  description: "User name or e-mail address, in any spelling",
} as const;

export const nothing = compiled({ ...closed, properties: {} });

export const sessionId = compiled({
  ...closed,
  required: ["session_id"],
  properties: {
    session_id: { type: "string", minLength: 1, maxLength: 64, description: "An id from list_my_sessions" },
  },
});

export const keepCurrent = compiled({
  ...closed,
  properties: {
    keep_current: { type: "boolean", default: false, description: "Keep the session of this call's token" },
  },
});

export const userName = compiled({ ...closed, required: ["user"], properties: { user: name } });

export const eventQuery = compiled({
  ...closed,
  properties: {
    limit: { type: "integer", minimum: 1, maximum: 100, default: 20, description: "Most events to return" },
    before: { type: "integer", minimum: 1, description: "Only events with a smaller number" },
    name: { type: "string", enum: auditEventNames, description: "Only events of this name" },
    user: {
      ...name,
      description:
        "Only events with this user as subject or actor: user name, e-mail address, or the account's id in events, " +
        "such as user:alice",
    },
  },
});
