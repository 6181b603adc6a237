import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import {
  everySessionProperty,
  everyUserProperty,
  sessionProperties,
  userProperties,
} from "../core/wire-schemas.ts";
import { int64, response } from "./schemas.ts";

// The models of the own account on the wire. Each model is named by its `$id`.

const text = (description: string) => ({ type: "string", description }) as const;
const password = (description: string) => ({ ...text(description), format: "password" }) as const;
const link = text("The text of the link in the mail, behind `link=`");
const time = { type: "string", format: "date-time", description: "RFC 3339, UTC" } as const;

/** A model of a request. */
function request<
  const Required extends string,
  const Properties extends Record<Required, JSONSchema> & Record<string, JSONSchema>,
>($id: string, description: string, required: readonly Required[], properties: Properties) {
  return { $id, description, type: "object", required, properties } as const;
}

const passwordChange = request(
  "PasswordChangeRequest",
  "A new password for the own account",
  ["current_password", "new_password"],
  {
    current_password: password("The password of today"),
    new_password: password("The password from now on"),
    end_other_sessions: { type: "boolean", description: "Whether every other session ends. Default: true" },
  },
);
/** The body of a password change. */
export type PasswordChangeRequest = FromSchema<typeof passwordChange>;

const emailChange = request(
  "EmailChangeRequest",
  "A new e-mail address for the own account",
  ["email", "current_password"],
  { email: text("The new address"), current_password: password("The password of the account") },
);
/** The body of a change of the address. */
export type EmailChangeRequest = FromSchema<typeof emailChange>;

const linkUse = request("LinkRequest", "A link from a mail", ["link"], { link });
/** The body of a confirmation. */
export type LinkRequest = FromSchema<typeof linkUse>;

const forgotten = request(
  "ForgottenPasswordRequest",
  "An account whose password is forgotten",
  ["username"],
  {
    username: text("User name or e-mail address"),
  },
);
/** The body of a request for a reset link. */
export type ForgottenPasswordRequest = FromSchema<typeof forgotten>;

const reset = request("PasswordResetRequest", "A new password, by a link", ["link", "new_password"], {
  link,
  new_password: password("The password from now on"),
});
/** The body of a reset. */
export type PasswordResetRequest = FromSchema<typeof reset>;

const signUp = request("SignUpRequest", "An address that asks for an account", ["email"], {
  email: text("The address that gets the link"),
});
/** The body of a request for a sign-up link. */
export type SignUpRequest = FromSchema<typeof signUp>;

const join = request("JoinRequest", "A new account, by a link", ["link", "username", "password"], {
  link,
  username: text("The user name of the new account"),
  password: password("The password of the new account"),
  display_name: { type: ["string", "null"], description: "The name that others see. A blank one is null" },
});
/** The body of a sign-up. */
export type JoinRequest = FromSchema<typeof join>;

const done = response("AccountMessage", "The request is done, or accepted", ["message"], {
  message: { type: "string" },
});

const confirmed = response("ConfirmedEmail", "The address is confirmed", ["email"], {
  email: text("The address of the account"),
});

const joined = response("JoinedUser", "The new account", everyUserProperty, userProperties);

const ownSession = response(
  "OwnSession",
  "A live session of the own account",
  [...everySessionProperty, "current"],
  {
    ...sessionProperties(time),
    current: { type: "boolean", description: "Whether it is the session of this request's token" },
  },
);
/** A session on the wire. */
export type OwnSession = FromSchema<typeof ownSession>;

const ownSessions = response("OwnSessions", "Live sessions, last used first", ["sessions", "total"], {
  sessions: { type: "array", items: { $ref: "OwnSession#" }, description: "At most 100" },
  total: { ...int64, description: "Number of live sessions" },
});

const ended = response("EndedSessions", "The sessions have ended", ["ended"], {
  ended: { ...int64, description: "Number of sessions that were live" },
});

/** Every model of the own account. */
export const selfServiceModels = [
  passwordChange,
  emailChange,
  linkUse,
  forgotten,
  reset,
  signUp,
  join,
  done,
  confirmed,
  joined,
  ownSession,
  ownSessions,
  ended,
];
