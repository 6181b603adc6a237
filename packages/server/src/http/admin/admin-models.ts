import type { FromSchema } from "json-schema-to-ts";
import {
  eventProperties,
  everyEventProperty,
  everySessionProperty,
  everyUserProperty,
  sessionProperties,
  userProperties,
} from "../../core/wire-schemas.ts";
import { int64, response } from "../schemas.ts";
import { requestModels } from "./admin-requests.ts";

// The answers of the administration. Times are RFC 3339 in UTC.

const time = { type: "string", format: "date-time" } as const;
const timeOrNull = { type: ["string", "null"], format: "date-time" } as const;
const texts = { type: "array", items: { type: "string" } } as const;
const next = { type: "string", description: "The cursor of the next page. Absent on the last page" } as const;

const user = response(
  "AdminUser",
  "A user",
  [
    ...everyUserProperty,
    "email_verified",
    "must_change_password",
    "created_at",
    "password_changed_at",
    "last_login_at",
    "version",
  ],
  {
    ...userProperties,
    email_verified: { type: "boolean", description: "Whether the address is confirmed" },
    must_change_password: { type: "boolean" },
    created_at: time,
    password_changed_at: { ...timeOrNull, description: "Null for the first password" },
    last_login_at: { ...timeOrNull, description: "The opening of the latest session" },
    version: { ...int64, description: "Raised by every change; the `ETag` is this number in quotes" },
  },
);
/** A user on the wire. */
export type UserAnswer = FromSchema<typeof user>;

const userPage = response("AdminUserPage", "Users", ["items"], {
  items: { type: "array", items: { $ref: "AdminUser#" } },
  next,
});

const session = response("AdminSession", "A live session", [...everySessionProperty, "user_id"], {
  ...sessionProperties(time),
  user_id: { type: "string" },
});
/** A session on the wire. */
export type SessionAnswer = FromSchema<typeof session>;

const sessionPage = response("AdminSessionPage", "Live sessions", ["items"], {
  items: { type: "array", items: { $ref: "AdminSession#" } },
  next,
});

const endedSessions = response("AdminEndedSessions", "The sessions have ended", ["ended"], {
  ended: { ...int64, description: "Number of sessions that were live" },
});

const auditEvent = response(
  "AdminAuditEvent",
  "An audit event",
  everyEventProperty,
  eventProperties(time, int64),
);
/** An audit event on the wire. */
export type AuditEventAnswer = FromSchema<typeof auditEvent>;

const auditPage = response("AdminAuditPage", "Audit events, newest first", ["items"], {
  items: { type: "array", items: { $ref: "AdminAuditEvent#" } },
  next,
});

const key = response("AdminKey", "A signing key", ["kid", "state", "alg", "created_at"], {
  kid: { type: "string" },
  state: { type: "string", description: "`signs`, `next` or `retired`" },
  alg: { type: "string" },
  created_at: time,
  activated_at: timeOrNull,
  retired_at: timeOrNull,
  keep_until: { ...timeOrNull, description: "Until then it verifies tokens that it signed" },
});
/** A signing key on the wire. */
export type KeyAnswer = FromSchema<typeof key>;

const keyList = response("AdminKeyList", "Signing keys", ["items"], {
  items: { type: "array", items: { $ref: "AdminKey#" } },
});

const client = response(
  "AdminClient",
  "An OAuth client",
  ["id", "name", "added", "blocked_at", "live_sessions"],
  {
    id: { type: "string" },
    name: { type: "string" },
    added: { type: "boolean", description: "Whether it was added here. Other clients describe themselves" },
    blocked_at: timeOrNull,
    live_sessions: int64,
    redirect_uris: {
      ...texts,
      description: "This and the following fields: of an added client, shown alone",
    },
    grant_types: texts,
    authentication: { type: "string", description: "`none`, `secret`, `jwks` or `jwks_uri`" },
    roles: { ...texts, description: "Roles in the tokens of a machine" },
    scopes: { ...texts, description: "Scopes of the tokens of a machine" },
    created_at: time,
    secret: { type: "string", description: "Shown once, to the request that made it" },
  },
);
/** A client on the wire. */
export type ClientAnswer = FromSchema<typeof client>;

const clientPage = response("AdminClientPage", "OAuth clients, by id", ["items"], {
  items: { type: "array", items: { $ref: "AdminClient#" } },
  next,
});

const clientSecret = response("AdminClientSecret", "A new secret", ["id", "secret"], {
  id: { type: "string" },
  secret: { type: "string", description: "Shown once: its hash alone is kept" },
});

const resource = response("AdminResource", "An API or MCP server", ["url", "name", "scopes", "created_at"], {
  url: { type: "string" },
  name: { type: ["string", "null"] },
  scopes: texts,
  created_at: time,
});
/** A resource on the wire. */
export type ResourceAnswer = FromSchema<typeof resource>;

const resourceList = response("AdminResourceList", "Resources that were added here", ["items"], {
  items: { type: "array", items: { $ref: "AdminResource#" } },
});

const invitation = response(
  "AdminInvitation",
  "An invitation that was not used yet",
  ["id", "email", "roles", "invited_by", "created_at", "expires_at"],
  {
    id: { type: "string", description: "It opens nothing: the link stands in the mail alone" },
    email: { type: "string" },
    roles: { ...texts, description: "Roles of the new account" },
    invited_by: { type: ["string", "null"], description: "The user or machine that sent it" },
    created_at: time,
    expires_at: { ...time, description: "The end of the link's life" },
  },
);
/** An invitation on the wire. */
export type InvitationAnswer = FromSchema<typeof invitation>;

const invitationPage = response("AdminInvitationPage", "Invitations, by id", ["items"], {
  items: { type: "array", items: { $ref: "AdminInvitation#" } },
  next,
});

const message = response("AdminMessage", "A change that was made", ["message"], {
  message: { type: "string" },
});

const userExport = response("AdminUserExport", "Everything that Latchkey knows of one user", [], {});

/** Every model of the administration. */
export const adminModels = [
  ...requestModels,
  user,
  userPage,
  session,
  sessionPage,
  endedSessions,
  auditEvent,
  auditPage,
  key,
  keyList,
  client,
  clientPage,
  clientSecret,
  resource,
  resourceList,
  invitation,
  invitationPage,
  message,
  userExport,
];
