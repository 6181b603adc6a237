import type { FastifySchema } from "fastify";
import type { ErrorCode } from "../core/errors.ts";
import {
  answer,
  bodyErrors,
  either,
  errors,
  invalid,
  otherRefusals,
  ref,
  serverErrors,
  throttled,
  tokenRefused,
  unauthorized,
} from "./openapi-responses.ts";

// The texts and schemas of the operations of the own account. Fastify validates requests with them.

/** An operation, as the document describes it. */
interface Described {
  /** The path under a mount point, such as `/password/forgot`. */
  readonly path: string;
  readonly method: "get" | "post" | "delete";
  readonly summary: string;
  readonly description: string;
  /** The model of the body. */
  readonly body?: string;
  readonly status?: 200 | 201 | 202;
  readonly success: readonly [description: string, model: string, example: unknown];
  /** Whether it needs an access token. */
  readonly bearer?: true;
  /** Whether it checks the current password. */
  readonly password?: true;
  readonly query?: Readonly<Record<string, object>>;
  /** Whether it uses a link. */
  readonly link?: true;
  /** Whether it sets a password. */
  readonly weak?: true;
  readonly conflicts?: readonly ErrorCode[];
  /** An example of a broken field. */
  readonly field?: string;
}

const session = {
  id: "4f0c…",
  opened_at: "2026-01-01T09:00:00.000Z",
  last_used_at: "2026-01-01T10:00:00.000Z",
  expires_at: "2026-01-08T10:00:00.000Z",
  address: "192.0.2.7",
  current: true,
};
const user = {
  id: "user:alice",
  username: "alice",
  email: "alice@example.com",
  display_name: "Alice",
  active_status: true,
  roles: ["user"],
};
const linkRefused = "The link has expired, was used, or belongs to an older state of the account";

/** The operations of the own account. */
const selfServiceOperations = {
  changePassword: {
    path: "/password",
    method: "post",
    summary: "Change the own password",
    description:
      "Asks for the current password, under the limits of a login. Other sessions end unless `end_other_sessions` is " +
      "false. Their tokens are refused from the next request on.",
    body: "PasswordChangeRequest",
    success: ["The password is changed", "AccountMessage", { message: "The password is changed" }],
    bearer: true,
    password: true,
    weak: true,
    conflicts: ["conflict"],
    field: "new_password",
  },
  listSessions: {
    path: "/sessions",
    method: "get",
    summary: "List the own sessions",
    description: "The hundred live sessions that were used last, with rounded times.",
    success: ["The sessions", "OwnSessions", { sessions: [session], total: 1 }],
    bearer: true,
  },
  endSession: {
    path: "/sessions/{id}",
    method: "delete",
    summary: "End one of the own sessions",
    description: "Its tokens are refused from the next request on. Another user's session gets 404.",
    success: ["The session has ended", "EndedSessions", { ended: 1 }],
    bearer: true,
  },
  endSessions: {
    path: "/sessions",
    method: "delete",
    summary: "End all own sessions",
    description: "With `keep_current=true` the session of this request goes on.",
    query: { keep_current: { type: "string", enum: ["true", "false"] } },
    success: ["The sessions have ended", "EndedSessions", { ended: 2 }],
    bearer: true,
  },
  changeEmail: {
    path: "/email",
    method: "post",
    summary: "Change the own e-mail address",
    description:
      "Sends a link to the new address. Nothing changes before the link is used. The answer is the same if the address " +
      "belongs to another account.",
    body: "EmailChangeRequest",
    status: 202,
    success: ["A mail is on its way", "AccountMessage", { message: "A link was sent to the new address" }],
    bearer: true,
    password: true,
    conflicts: ["conflict"],
    field: "email",
  },
  sendVerification: {
    path: "/email/verify",
    method: "post",
    summary: "Confirm the own e-mail address",
    description: "Sends a link to the current address of the account.",
    status: 202,
    success: ["A mail is on its way", "AccountMessage", { message: "A link was sent to your address" }],
    bearer: true,
    conflicts: ["conflict"],
  },
  confirmEmail: {
    path: "/email/confirm",
    method: "post",
    summary: "Use the link that confirms an address",
    description: "For links of `email` and of `email/verify`. A change is announced at the old address.",
    body: "LinkRequest",
    success: ["The address is confirmed", "ConfirmedEmail", { email: user.email }],
    link: true,
    conflicts: ["email_taken"],
    field: "link",
  },
  forgotPassword: {
    path: "/password/forgot",
    method: "post",
    summary: "Ask for a link to set a new password",
    description:
      "Sends a link to the address of the account, if there is one. Answer and work are the same for every name.",
    body: "ForgottenPasswordRequest",
    status: 202,
    success: [
      "The request is accepted, whether the account exists or not",
      "AccountMessage",
      { message: "If this account exists, a link was sent to its e-mail address" },
    ],
    field: "username",
  },
  resetPassword: {
    path: "/password/reset",
    method: "post",
    summary: "Set a new password by a link",
    description: "Ends every session of the account, and confirms its address.",
    body: "PasswordResetRequest",
    success: ["The password is changed", "AccountMessage", { message: "The password is changed" }],
    link: true,
    weak: true,
    field: "new_password",
  },
  signUp: {
    path: "/sign-up",
    method: "post",
    summary: "Ask for a link to make an account",
    description:
      "For addresses of the domains in LATCHKEY_SIGN_UP; without them 404. The answer is the same if the address has an " +
      "account.",
    body: "SignUpRequest",
    status: 202,
    success: ["A mail is on its way", "AccountMessage", { message: "A mail was sent to this address" }],
    field: "email",
  },
  join: {
    path: "/join",
    method: "post",
    summary: "Make an account by a link",
    description: "For links of an invitation and of `sign-up`. The address is confirmed by the link.",
    body: "JoinRequest",
    status: 201,
    success: ["The account is made", "JoinedUser", user],
    link: true,
    weak: true,
    conflicts: ["username_taken", "email_taken", "conflict"],
    field: "username",
  },
} as const satisfies Record<string, Described>;

/** An operation of the own account. */
export type SelfServiceOperation = keyof typeof selfServiceOperations;

/** An operation under a mount point. Its id is made like those of the published documents: name, path, method. */
export function describeSelfService(mount: string, name: SelfServiceOperation): FastifySchema {
  const operation: Described = selfServiceOperations[name];
  const { path, method, summary, description, body, status = 200, success, query } = operation;
  const snakeName = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const operationId = `${snakeName}${mount}${path}_${method}`.replaceAll(/[/{}-]+/g, "_");
  return {
    operationId,
    tags: ["Account"],
    summary,
    description,
    security: operation.bearer ? [{ HTTPBearer: [] }] : [],
    ...(body !== undefined && { body: ref(body) }),
    ...(query !== undefined && {
      querystring: { type: "object", additionalProperties: false, properties: query },
    }),
    response: { [status]: answer(...success), ...refusalsOf(operation) },
  };
}

function refusalsOf({ path, body, bearer, query, conflicts = [], field = "", ...operation }: Described) {
  const { password, link, weak } = operation;
  const missing = { loc: ["body", field], msg: "Field required", type: "missing" } as const;
  const unknown = { loc: ["query", "keep_current"], msg: "Input should be one of true, false", type: "enum" };
  const broken = body === undefined ? {} : bodyErrors(missing);
  const refused = errors("The request is well-formed, but refused", {}, "weak_password");
  return {
    ...broken,
    ...(link && {
      400: errors(`The body is not JSON. Or: ${linkRefused}`, {}, "bad_request", "invalid_link"),
    }),
    ...(weak && { 422: either(invalid(missing), refused) }),
    ...(bearer && unauthorized(...tokenRefused, "missing_token")),
    ...(password && { 403: errors("The current password is wrong", {}, "wrong_password") }),
    ...(conflicts.length > 0 && { 409: errors("Another account or change is in the way", {}, ...conflicts) }),
    ...(query !== undefined && { 422: invalid(unknown) }),
    ...(path.startsWith("/sessions") ? {} : throttled),
    ...otherRefusals,
    404: errors("No such session, or a server without this operation", {}, "not_found"),
    ...serverErrors("overloaded", "store_unavailable"),
  };
}
