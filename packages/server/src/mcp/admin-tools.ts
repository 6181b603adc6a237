import type { GuardedServer } from "@latchkey/guard/mcp";
import type { Principal } from "@latchkey/guard/verifier";
import type { Caller } from "../core/audit-events.ts";
import type { Administration, Administrator } from "../core/people/administration.ts";
import { clientOf } from "../core/stories/current-user.ts";
import type { RecentEvents } from "../core/stories/recent-events.ts";
import { ends, reads, restores, type ToolRules } from "./policy.ts";
import { eventsAnswer, userAnswer } from "./tool-answers.ts";
import * as inputs from "./tool-inputs.ts";
import * as outputs from "./tool-outputs.ts";
import type { RunTool } from "./tool-result.ts";

export interface AdminToolParts {
  readonly administration: Administration;
  readonly recentEvents: RecentEvents;
}

/** Number of events without a limit by the caller. */
const defaultLimit = 20;

/** Tools for administrators: other users, and audit events. */
export function registerAdminTools(
  server: GuardedServer<ToolRules>,
  { administration, recentEvents }: AdminToolParts,
  caller: Caller,
  run: RunTool,
): void {
  /** A client that an administrator allowed stands in the trail beside them. */
  const administrator = (principal: Principal): Administrator => ({
    ...caller,
    actor: principal.userId,
    ...clientOf(principal),
  });
  const onUser = { inputSchema: inputs.userName, outputSchema: outputs.user };

  server.registerTool(
    "find_user",
    {
      title: "Find a user",
      description: "A user by user name or e-mail address, with the number of their live sessions",
      ...onUser,
      annotations: reads,
    },
    ({ user }) => run(async () => userAnswer(await administration.find(user))),
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
      run(async () => userAnswer(await administration.disable(user, administrator(principal)))),
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
      run(async () => userAnswer(await administration.enable(user, administrator(principal)))),
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
      run(async () => ({
        ended: await administration.endSessions(user, administrator(principal)),
      })),
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
    ({ limit = defaultLimit, name, ...query }) =>
      run(async () => eventsAnswer(await recentEvents({ ...query, names: name && [name], limit }))),
  );
}
