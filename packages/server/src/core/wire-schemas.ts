import { auditEventNames } from "./audit-events.ts";

// The schemas of `wire-fields.ts`, for HTTP and the tools. Each of them writes times and whole numbers in its own way.

interface TimeSchema {
  readonly type: "string";
}
interface IntegerSchema {
  readonly type: "integer";
}

const text = (description: string) => ({ type: "string", description }) as const;

/** The fields of a user that are in every answer. */
export const userProperties = {
  id: text("The `sub` of tokens. It never changes, and is never given again"),
  username: { type: "string" },
  email: { type: "string" },
  display_name: { type: ["string", "null"] },
  active_status: { type: "boolean", description: "False for a disabled user" },
  roles: { type: "array", items: { type: "string" } },
} as const;
/** Their names. */
export const everyUserProperty = [
  "id",
  "username",
  "email",
  "display_name",
  "active_status",
  "roles",
] as const;

/** The fields of a session, without its user. */
export function sessionProperties<const Time extends TimeSchema>(time: Time) {
  return {
    id: text("The `sid` of its tokens"),
    opened_at: time,
    last_used_at: { ...time, description: "Rounded down to five minutes or more" },
    expires_at: { ...time, description: "End of the session if it is not used again, rounded up" },
    address: text("Address at which it was opened: IPv4, or an IPv6 /64"),
    client_id: text("The OAuth client; absent for a person's own login"),
    client_name: text("Its name, by its own claim unless an operator added it"),
    scope: text("What the person allowed it, separated by spaces"),
    resource: text("The API or MCP server that its tokens are for"),
  } as const;
}
/** The fields that every session has. */
export const everySessionProperty = ["id", "opened_at", "last_used_at", "expires_at", "address"] as const;

/** The fields of an audit event. */
export function eventProperties<const Time extends TimeSchema, const Integer extends IntegerSchema>(
  time: Time,
  integer: Integer,
) {
  return {
    number: { ...integer, description: "Position in the trail" },
    at: time,
    name: text(`Such as ${auditEventNames[0]}`),
    subject: text("The account that the event is about"),
    actor: text("The user or machine that made the change"),
    session_id: { type: "string" },
    address: text("IP address, `cli` for commands, `server`"),
    request_id: { type: "string" },
    reason: { type: "string" },
    replica: text("Process that recorded it: a replica or a command"),
    client: text("The OAuth client; absent for a person's own login"),
    resource: text("The API or MCP server that the client asked for, was allowed, or got a token for"),
  } as const;
}
/** The fields that every event has. */
export const everyEventProperty = ["number", "at", "name", "address"] as const;
