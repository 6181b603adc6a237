import {
  eventProperties,
  everyEventProperty,
  everySessionProperty,
  everyUserProperty,
  sessionProperties,
  userProperties,
} from "../core/wire-schemas.ts";
import { closed, compiled, type ValueOf } from "./tool-schema.ts";

// The output schemas of the tools, in the names of the wire.

const time = { type: "string", description: "RFC 3339, UTC" } as const;
export const account = compiled({
  ...closed,
  required: [...everyUserProperty, "session_id", "token_expires_at"],
  properties: { ...userProperties, session_id: { type: "string" }, token_expires_at: time },
});
export type AccountAnswer = ValueOf<typeof account>;

export const user = compiled({
  ...closed,
  required: [...everyUserProperty, "created_at", "live_sessions"],
  properties: { ...userProperties, created_at: time, live_sessions: { type: "integer" } },
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
        required: [...everySessionProperty, "current"],
        properties: {
          ...sessionProperties(time),
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
        required: everyEventProperty,
        properties: eventProperties(time, { type: "integer" }),
      },
    },
    next: {
      type: "integer",
      description: "For the next page, pass this as `before`. Absent on the last page",
    },
  },
});
export type EventsAnswer = ValueOf<typeof events>;
