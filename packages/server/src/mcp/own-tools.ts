import type { GuardedServer } from "@latchkey/guard/mcp";
import type { Caller } from "../core/audit-events.ts";
import { sessionPrincipal, type UserOf } from "../core/current-user.ts";
import type { OwnSessions } from "../core/own-sessions.ts";
import type { ToolRules } from "./policy.ts";
import { accountAnswer, sessionsAnswer } from "./tool-answers.ts";
import * as inputs from "./tool-inputs.ts";
import { ends, reads } from "./tool-kinds.ts";
import * as outputs from "./tool-outputs.ts";
import { type RunTool, ToolProblem } from "./tool-result.ts";

export interface OwnToolParts {
  readonly userOf: UserOf;
  readonly ownSessions: OwnSessions;
}

/** Tools for everybody: who they are, and their sessions. */
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
      description: "The user and the session that this call's access token stands for",
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
      description: "Where you are signed in: your live sessions, those used last first, at most 100",
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
        "Ends one of your sessions for good, be it that of this call: its tokens are refused at once",
      inputSchema: inputs.sessionId,
      outputSchema: outputs.ended,
      annotations: ends,
    },
    ({ session_id }, { principal }) =>
      run(async () => {
        const me = sessionPrincipal(principal);
        if (await ownSessions.end(me, session_id, { ...caller, actor: me.userId })) return { ended: 1 };
        throw new ToolProblem("you have no live session of this id");
      }),
  );

  server.registerTool(
    "end_all_my_sessions",
    {
      title: "End all my sessions",
      description: "Signs you out everywhere for good; with keep_current, everywhere but here",
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
