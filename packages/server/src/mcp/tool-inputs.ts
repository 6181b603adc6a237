import { fromJsonSchema } from "@modelcontextprotocol/server";
import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import { maxTypedName } from "../core/account-names.ts";
import { auditEventNames } from "../core/audit-events.ts";

// What the tools take. Read once, for all requests.

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
    session_id: { type: "string", minLength: 1, maxLength: 64, description: "As list_my_sessions shows it" },
  },
} as const satisfies JSONSchema;
export const sessionId = fromJsonSchema<FromSchema<typeof sessionIdSchema>>(sessionIdSchema);

const keepCurrentSchema = {
  ...closed,
  properties: {
    keep_current: {
      type: "boolean",
      default: false,
      description: "Leave the session of this call's own token alive",
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
    limit: { type: "integer", minimum: 1, maximum: 100, default: 20, description: "How many at most" },
    before: { type: "integer", minimum: 1, description: "Only those with a smaller number than this" },
    name: { type: "string", enum: auditEventNames, description: "Only those of this name" },
    user: {
      ...name,
      description:
        "Only those that happened to this user or that they caused: user name, e-mail address, " +
        "or what events call the account, such as user:alice",
    },
  },
} as const satisfies JSONSchema;
export const eventQuery = fromJsonSchema<FromSchema<typeof eventQuerySchema>>(eventQuerySchema);
