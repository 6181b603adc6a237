import type { GuardedServer } from "@latchkey/guard/mcp";
import type { Principal } from "@latchkey/guard/verifier";
import type { Caller } from "../core/audit-events.ts";
import { LatchkeyError } from "../core/errors.ts";
import type { MailLanguage } from "../core/mail/mail-kinds.ts";
import { assertMay, type Power, powersOf } from "../core/people/powers.ts";
import type { PasswordResets } from "../core/people/self-service.ts";
import type { ChangeOptions, UserChanges } from "../core/people/user-changes.ts";
import type { UserRecord } from "../core/people/users.ts";
import { clientOf, isMachine, type UserOf } from "../core/stories/current-user.ts";
import type { RecentEvents } from "../core/stories/recent-events.ts";
import { ends, reads, restores, sends, type ToolRules } from "./policy.ts";
import { eventsAnswer, userAnswer } from "./tool-answers.ts";
import * as inputs from "./tool-inputs.ts";
import * as outputs from "./tool-outputs.ts";
import type { RunTool } from "./tool-result.ts";

/** The parts of the administrators' tools. */
export interface AdminToolParts {
  readonly userOf: UserOf;
  readonly users: UserChanges;
  readonly recentEvents: RecentEvents;
  readonly liveSessions: (userId: string) => Promise<number>;
  /** Undefined if the server sends no mails: then the rules deny the tool that sends one. */
  readonly resets: Pick<PasswordResets, "sendReset"> | undefined;
  /** The language of a mail if the language of its reader is unknown. */
  readonly mailLanguage: MailLanguage;
}

/** Number of events without a limit by the caller. */
const defaultLimit = 20;

/**
 * Tools for administrators, support and auditors: other users, and audit events. The rules of the tools compare the roles
 * in the token with the table of powers. A call compares the roles that the account has now: a role that was taken away
 * opens nothing. A story compares the powers of the caller with the roles of the account that it changes.
 */
export function registerAdminTools(
  server: GuardedServer<ToolRules>,
  { userOf, users, recentEvents, liveSessions, resets, mailLanguage }: AdminToolParts,
  caller: Caller,
  run: RunTool,
): void {
  /**
   * The caller of a tool. A client that a person allowed stands in the trail beside them.
   *
   * @throws {LatchkeyError} `forbidden` without the power
   */
  async function callerWith(
    power: Power,
    principal: Principal,
  ): Promise<ChangeOptions & { readonly held: ReadonlySet<Power> }> {
    // A machine has no account. Its token has the roles that the operator gave it.
    const { roles } = isMachine(principal) ? principal : await userOf(principal);
    const held = powersOf({ roles, scopes: undefined, isMachine: false });
    assertMay(held, power);
    return { by: { ...caller, actor: principal.userId, ...clientOf(principal) }, held };
  }
  const answer = async (user: UserRecord) =>
    userAnswer({ ...user, liveSessions: await liveSessions(user.id) });
  const onUser = { inputSchema: inputs.userName, outputSchema: outputs.user };

  server.registerTool(
    "find_user",
    {
      title: "Find a user",
      description: "A user by user name or e-mail address, with the number of their live sessions",
      ...onUser,
      annotations: reads,
    },
    ({ user }, { principal }) =>
      run(async () => {
        await callerWith("users:read", principal);
        return answer(await users.byName(user));
      }),
  );

  server.registerTool(
    "disable_user",
    {
      title: "Disable a user",
      description: "Disables a user and ends all their sessions at once. You cannot disable yourself",
      ...onUser,
      annotations: ends,
    },
    ({ user }, { principal }) =>
      run(async () => {
        const options = await callerWith("users:write", principal);
        const { id } = await users.byName(user);
        return answer(await users.setActive(id, false, options));
      }),
  );

  server.registerTool(
    "enable_user",
    {
      title: "Enable a user",
      description: "Lets a disabled user sign in again. Ended sessions do not come back",
      ...onUser,
      annotations: restores,
    },
    ({ user }, { principal }) =>
      run(async () => {
        const options = await callerWith("users:write", principal);
        const { id } = await users.byName(user);
        return answer(await users.setActive(id, true, options));
      }),
  );

  server.registerTool(
    "unlock_user",
    {
      title: "Unlock a user",
      description: "Forgets the failed sign-ins of a user, so that they can try again at once",
      ...onUser,
      annotations: restores,
    },
    ({ user }, { principal }) =>
      run(async () => {
        const options = await callerWith("users:write", principal);
        const found = await users.byName(user);
        await users.unlock(found.id, options);
        return answer(found);
      }),
  );

  server.registerTool(
    "send_password_reset",
    {
      title: "Send a password reset",
      description:
        "Sends a user a mail with a link to set a new password. The link works once, for 30 minutes",
      inputSchema: inputs.userName,
      outputSchema: outputs.sent,
      annotations: sends,
    },
    ({ user }, { principal }) =>
      run(async () => {
        const options = await callerWith("users:write", principal);
        const { id, email } = await users.byName(user);
        if (resets === undefined)
          throw new LatchkeyError("not_found", { reason: "the server sends no mails" });
        await resets.sendReset(id, options, mailLanguage);
        return { sent_to: email };
      }),
  );

  server.registerTool(
    "end_user_sessions",
    {
      title: "End a user's sessions",
      description: "Ends all sessions of a user at once. The user may sign in again",
      inputSchema: inputs.userName,
      outputSchema: outputs.ended,
      annotations: ends,
    },
    ({ user }, { principal }) =>
      run(async () => {
        const options = await callerWith("sessions:write", principal);
        const { id } = await users.byName(user);
        return { ended: await users.endSessions(id, options) };
      }),
  );

  server.registerTool(
    "recent_audit_events",
    {
      title: "Recent audit events",
      description:
        "Audit events: logins, refreshes, ended sessions, changes of users, clients and keys. Newest first",
      inputSchema: inputs.eventQuery,
      outputSchema: outputs.events,
      annotations: reads,
    },
    ({ limit = defaultLimit, name, ...query }, { principal }) =>
      run(async () => {
        await callerWith("audit:read", principal);
        return eventsAnswer(await recentEvents({ ...query, names: name && [name], limit }));
      }),
  );
}
