import { closed, compiled, type ValueOf } from "./tool-schema.ts";

// The output schemas of the tools, in the names of the wire.

const time = { type: "string", description: "RFC 3339, UTC" } as const;
const userFields = {
  id: { type: "string" },
  username: { type: "string" },
  email: { type: "string" },
  display_name: { type: ["string", "null"] },
  active_status: { type: "boolean" },
  roles: { type: "array", items: { type: "string" } },
} as const;
const everyUserField = ["id", "username", "email", "display_name", "active_status", "roles"] as const;

export const account = compiled({
  ...closed,
  required: [...everyUserField, "session_id", "token_expires_at"],
  properties: { ...userFields, session_id: { type: "string" }, token_expires_at: time },
});
export type AccountAnswer = ValueOf<typeof account>;

export const user = compiled({
  ...closed,
  required: [...everyUserField, "created_at", "live_sessions"],
  properties: { ...userFields, created_at: time, live_sessions: { type: "integer" } },
});
export type UserAnswer = ValueOf<typeof user>;

export const sessions = compiled({
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
          client_id: { type: "string", description: "The OAuth client; absent for your own login" },
          client_name: {
            type: "string",
            description: "Its name, by its own claim unless an operator added it",
          },
          scope: { type: "string", description: "What you allowed it, separated by spaces" },
          resource: { type: "string", description: "The API or MCP server that its tokens are for" },
          current: { type: "boolean", description: "Whether it is the session of this call's token" },
        },
      },
    },
  },
});
export type SessionsAnswer = ValueOf<typeof sessions>;

export const ended = compiled({
  ...closed,
  required: ["ended"],
  properties: { ended: { type: "integer", description: "Number of ended sessions" } },
});

export const sent = compiled({
  ...closed,
  required: ["sent_to"],
  properties: { sent_to: { type: "string", description: "The e-mail address of the user" } },
});

export const events = compiled({
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
          replica: { type: "string", description: "Process that recorded it: a replica or a command" },
          client: { type: "string", description: "The OAuth client; absent for a person's own login" },
          resource: {
            type: "string",
            description: "The API or MCP server that the client asked for, was allowed, or got a token for",
          },
        },
      },
    },
    next: {
      type: "integer",
      description: "For the next page, pass this as `before`. Absent on the last page",
    },
  },
});
export type EventsAnswer = ValueOf<typeof events>;
