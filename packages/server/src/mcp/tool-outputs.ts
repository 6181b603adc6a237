import { fromJsonSchema } from "@modelcontextprotocol/server";
import type { FromSchema, JSONSchema } from "json-schema-to-ts";

// The output schemas of the tools, in the names of the wire. They are compiled once, for all requests.

const time = { type: "string", description: "RFC 3339, UTC" } as const;
const closed = { type: "object", additionalProperties: false } as const;
const userFields = {
  id: { type: "string" },
  username: { type: "string" },
  email: { type: "string" },
  display_name: { type: ["string", "null"] },
  active_status: { type: "boolean" },
  roles: { type: "array", items: { type: "string" } },
} as const;
const everyUserField = ["id", "username", "email", "display_name", "active_status", "roles"] as const;

const accountSchema = {
  ...closed,
  required: [...everyUserField, "session_id", "token_expires_at"],
  properties: { ...userFields, session_id: { type: "string" }, token_expires_at: time },
} as const satisfies JSONSchema;
export type AccountAnswer = FromSchema<typeof accountSchema>;
export const account = fromJsonSchema<AccountAnswer>(accountSchema);

const userSchema = {
  ...closed,
  required: [...everyUserField, "created_at", "live_sessions"],
  properties: { ...userFields, created_at: time, live_sessions: { type: "integer" } },
} as const satisfies JSONSchema;
export type UserAnswer = FromSchema<typeof userSchema>;
export const user = fromJsonSchema<UserAnswer>(userSchema);

const sessionsSchema = {
  ...closed,
  required: ["total", "sessions"],
  properties: {
    total: {
      type: "integer",
      description: "Number of live sessions. At most the 100 most recently used are listed",
    },
    sessions: {
      type: "array",
      items: {
        ...closed,
        required: ["id", "opened_at", "last_used_at", "expires_at", "address", "current"],
        properties: {
          id: { type: "string" },
          opened_at: time,
          last_used_at: { ...time, description: "Rounded down to five minutes or more" },
          expires_at: { ...time, description: "End of the session if it is not used again, rounded up" },
          address: { type: "string", description: "Address at which it was opened: IPv4, or an IPv6 /64" },
          current: { type: "boolean", description: "Whether it is the session of this call's token" },
        },
      },
    },
  },
} as const satisfies JSONSchema;
export type SessionsAnswer = FromSchema<typeof sessionsSchema>;
export const sessions = fromJsonSchema<SessionsAnswer>(sessionsSchema);

const endedSchema = {
  ...closed,
  required: ["ended"],
  properties: { ended: { type: "integer", description: "Number of ended sessions" } },
} as const satisfies JSONSchema;
export const ended = fromJsonSchema<FromSchema<typeof endedSchema>>(endedSchema);

const eventsSchema = {
  ...closed,
  required: ["events"],
  properties: {
    events: {
      type: "array",
      items: {
        ...closed,
        required: ["number", "at", "name", "address"],
        properties: {
          number: { type: "integer" },
          at: time,
          name: { type: "string" },
          subject: { type: "string", description: "The account that the event is about" },
          actor: { type: "string", description: "The user that made the tool call" },
          session_id: { type: "string" },
          address: { type: "string", description: "IP address, `cli` for commands, `server`" },
          request_id: { type: "string" },
          reason: { type: "string" },
        },
      },
    },
    next: {
      type: "integer",
      description: "For the next page, pass this as `before`. Absent on the last page",
    },
  },
} as const satisfies JSONSchema;
export type EventsAnswer = FromSchema<typeof eventsSchema>;
export const events = fromJsonSchema<EventsAnswer>(eventsSchema);
