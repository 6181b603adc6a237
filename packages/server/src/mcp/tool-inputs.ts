import { fromJsonSchema } from "@modelcontextprotocol/server";
import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import { auditEventNames } from "../core/audit-events.ts";
import { maxTypedName } from "../core/passwords/account-names.ts";

// The input schemas of the tools. They are compiled once, for all requests.

const name = {
  type: "string",
  minLength: 1,
  maxLength: maxTypedName,
  description: "User name or e-mail address, in any spelling",
} as const;
const closed = { type: "object", additionalProperties: false } as const;

const nothingSchema = { ...closed, properties: {} } as const satisfies JSONSchema;
export const nothing = fromJsonSchema<FromSchema<typeof nothingSchema>>(nothingSchema);

const sessionIdSchema = {
  ...closed,
  required: ["session_id"],
  properties: {
    session_id: { type: "string", minLength: 1, maxLength: 64, description: "An id from list_my_sessions" },
  },
} as const satisfies JSONSchema;
export const sessionId = fromJsonSchema<FromSchema<typeof sessionIdSchema>>(sessionIdSchema);

const keepCurrentSchema = {
  ...closed,
  properties: {
    keep_current: {
      type: "boolean",
      default: false,
      description: "Keep the session of this call's token",
    },
  },
} as const satisfies JSONSchema;
export const keepCurrent = fromJsonSchema<FromSchema<typeof keepCurrentSchema>>(keepCurrentSchema);

const userNameSchema = {
  ...closed,
  required: ["user"],
  properties: { user: name },
} as const satisfies JSONSchema;
export const userName = fromJsonSchema<FromSchema<typeof userNameSchema>>(userNameSchema);

const eventQuerySchema = {
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
} as const satisfies JSONSchema;
export const eventQuery = fromJsonSchema<FromSchema<typeof eventQuerySchema>>(eventQuerySchema);
