import { type AdminAnswer, filterText, idempotencyKey, ifMatch, pageQuery } from "./openapi-admin.ts";

// The operations on users, as the document shows them.

const example = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  display_name: "Alice",
  active_status: true,
  roles: ["user", "premium"],
  email_verified: true,
  must_change_password: false,
  created_at: "2026-01-01T09:00:00.000Z",
  password_changed_at: null,
  last_login_at: "2026-01-02T09:00:00.000Z",
  version: 3,
};
const userShown: AdminAnswer = { description: "The user", model: "AdminUser", example, etag: true };
const done = (message: string, description: string): AdminAnswer => ({
  description,
  model: "AdminMessage",
  example: { message },
});
const changeRefusals = ["protected_account", "precondition_failed", "conflict"] as const;
const issue = { loc: ["body", "email"], msg: "Input should be a valid string", type: "string_type" };

export const listUsers = {
  id: "list_users",
  summary: "List and search users",
  description:
    "Users whose name, e-mail address or display name begins with `search`, in any case, in that order. A page may have " +
    "fewer users than `limit`, or none, while `next` is there: the work for one page is bounded.",
  powers: ["users:read"],
  query: {
    search: { ...filterText(256), description: "The beginning of a name or address" },
    role: { ...filterText(64), description: "Users with this role alone" },
    status: { type: "string", enum: ["active", "disabled"] },
    verified: { type: "string", enum: ["true", "false"], description: "Whether the address is confirmed" },
    ...pageQuery,
  },
  answer: { description: "A page of users", model: "AdminUserPage", example: { items: [example] } },
} as const;

export const addUser = {
  id: "add_user",
  summary: "Add a user",
  powers: ["users:write"],
  body: "AdminUserRequest",
  issue,
  headers: idempotencyKey,
  answer: { ...userShown, description: "The user was added", status: 201 },
  refusals: [
    ...(["username_taken", "email_taken", "request_in_progress", "conflict"] as const),
    ...(["weak_password", "idempotency_key_reused"] as const),
  ],
} as const;

export const showUser = {
  id: "show_user",
  summary: "Show a user",
  powers: ["users:read"],
  answer: userShown,
} as const;

export const changeUser = {
  id: "change_user",
  summary: "Change names, e-mail address, roles and marks of a user",
  description:
    "Roles need the power `roles:write` too. New roles are in new tokens: a token that is out keeps those of its moment " +
    "until it expires.",
  powers: ["users:write"],
  body: "AdminUserChangeRequest",
  issue,
  headers: ifMatch,
  answer: userShown,
  refusals: [...changeRefusals, "username_taken", "email_taken", "last_administrator"],
} as const;

export const setPassword = {
  id: "set_password",
  summary: "Set a user's password",
  description: "Ends every session of the user.",
  powers: ["users:write"],
  body: "AdminPasswordRequest",
  issue: { loc: ["body", "password"], msg: "Field required", type: "missing" },
  headers: ifMatch,
  answer: userShown,
  refusals: [...changeRefusals, "weak_password"],
} as const;

export const disableUser = {
  id: "disable_user",
  summary: "Disable a user",
  description: "Ends every session of the user. You cannot disable yourself.",
  powers: ["users:write"],
  headers: ifMatch,
  answer: userShown,
  refusals: [...changeRefusals, "last_administrator"],
} as const;

export const enableUser = {
  id: "enable_user",
  summary: "Enable a user",
  description: "Lets a disabled user sign in again. Ended sessions do not come back.",
  powers: ["users:write"],
  headers: ifMatch,
  answer: userShown,
  refusals: changeRefusals,
} as const;

export const unlockUser = {
  id: "unlock_user",
  summary: "Forget the failed sign-ins of a user",
  description: "The user may try again at once.",
  powers: ["users:write"],
  headers: ifMatch,
  answer: userShown,
  refusals: changeRefusals,
} as const;

export const removeUser = {
  id: "remove_user",
  summary: "Remove a user",
  description: "Ends every session of the user. The id is never given again.",
  powers: ["users:write"],
  headers: ifMatch,
  answer: done("Removed", "The user was removed"),
  refusals: [...changeRefusals, "last_administrator"],
} as const;

export const eraseUser = {
  id: "erase_user",
  summary: "Remove a user, and their name from the audit trail",
  description:
    "The id of the user and the addresses of their events are replaced by a pseudonym, in the background. A removed user " +
    "can be erased too, by the id.",
  powers: ["users:write", "roles:write"],
  headers: ifMatch,
  answer: done("Erased: the audit trail names erased:4mQz… instead", "The user was removed"),
  refusals: [...changeRefusals, "last_administrator"],
} as const;

export const resetPassword = {
  id: "reset_password",
  summary: "Mail a link to set a new password to a user",
  description: "An account gets five of these mails an hour. Without mail this operation gets 404.",
  powers: ["users:write"],
  headers: ifMatch,
  answer: { ...done("A mail with a link is on its way", "The mail is in the outbox"), status: 202 },
  refusals: [...changeRefusals, "rate_limited"],
} as const;

export const endUserSessions = {
  id: "end_user_sessions",
  summary: "End every session of a user",
  powers: ["sessions:write"],
  headers: ifMatch,
  answer: { description: "The sessions have ended", model: "AdminEndedSessions", example: { ended: 2 } },
  refusals: changeRefusals,
} as const;

export const exportUser = {
  id: "export_user",
  summary: "Everything that Latchkey knows of a user",
  description:
    "One JSON object with the user, sessions, links, mails and audit events, without secrets. A removed user can be " +
    "exported too, by the id, until the erasure. Nobody knows the roles of one, so that needs the power `roles:write`.",
  powers: ["users:read", "sessions:read", "audit:read"],
  answer: { description: "The export", model: "AdminUserExport", example: { user: example } },
  refusals: ["protected_account"],
} as const;
