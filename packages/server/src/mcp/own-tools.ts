import type { GuardedServer } from "@latchkey/guard/mcp";
import type { Caller } from "../core/audit-events.ts";
import { sessionPrincipal, type UserOf } from "../core/stories/current-user.ts";
import type { OwnSessions } from "../core/stories/own-sessions.ts";
import { ends, reads, type ToolRules } from "./policy.ts";
import { accountAnswer, sessionsAnswer } from "./tool-answers.ts";
import * as inputs from "./tool-inputs.ts";
import * as outputs from "./tool-outputs.ts";
import { type RunTool, ToolProblem } from "./tool-result.ts";

export interface OwnToolParts {
  readonly userOf: UserOf;
  readonly ownSessions: OwnSessions;
}

/** Tools for every user: the user's account and own sessions. */
export function registerOwnTools(
  server: GuardedServer<ToolRules>,
  { userOf, ownSessions }: OwnToolParts,
  caller: Caller,
  run: RunTool,
): void {
  server.registerTool(
    "who_am_i",
    {
      title: "Who am I",
      description: "The user and the session of this call's access token",
      inputSchema: inputs.nothing,
      outputSchema: outputs.account,
      annotations: reads,
    },
    (_none, { principal }) =>
      run(async () => accountAnswer(await userOf(principal), sessionPrincipal(principal))),
  );

  server.registerTool(
    "list_my_sessions",
    {
      title: "List my sessions",
      description: "Your live sessions, most recently used first, at most 100",
      inputSchema: inputs.nothing,
      outputSchema: outputs.sessions,
      annotations: reads,
    },
    (_none, { principal }) =>
      run(async () => {
        const me = sessionPrincipal(principal);
        return sessionsAnswer(await ownSessions.list(me), me);
      }),
  );

  server.registerTool(
    "end_my_session",
    {
      title: "End one of my sessions",
      description:
        "Ends one of your sessions for good. Its tokens are refused at once. It may be the session of this call",
      inputSchema: inputs.sessionId,
      outputSchema: outputs.ended,
      annotations: ends,
    },
    ({ session_id }, { principal }) =>
      run(async () => {
        const me = sessionPrincipal(principal);
        if (await ownSessions.end(me, session_id, { ...caller, actor: me.userId })) return { ended: 1 };
        throw new ToolProblem("you have no live session with this id");
      }),
  );

  server.registerTool(
    "end_all_my_sessions",
    {
      title: "End all my sessions",
      description: "Ends all your sessions for good. With keep_current, the session of this call stays",
      inputSchema: inputs.keepCurrent,
      outputSchema: outputs.ended,
      annotations: ends,
    },
    ({ keep_current = false }, { principal }) =>
      run(async () => {
        const me = sessionPrincipal(principal);
        return { ended: await ownSessions.endAll(me, keep_current, { ...caller, actor: me.userId }) };
      }),
  );
}
