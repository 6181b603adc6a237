import { eventOf, operator } from "../core/audit-events.ts";
import { shownSession } from "../core/stories/own-sessions.ts";
import type { Session } from "../core/stories/sessions.ts";
import { print, table } from "../terminal.ts";
import { parseArguments } from "./arguments.ts";
import { assertLocal, withDatabase } from "./database-access.ts";
import { UsageProblem } from "./failures.ts";

/** `latchkey session list [NAME]` and `latchkey session end ID`. */
export async function sessionCommand(args: readonly string[]): Promise<void> {
  const { config, words } = parseArguments(args);
  const [verb, subject, ...more] = words;
  if (more.length > 0) throw new UsageProblem("session accepts one argument");
  assertLocal(config, "sessions", "list and end them");

  if (verb === "list") {
    return withDatabase(config, async ({ store, people }) => {
      const now = Date.now();
      const live = await store.sessions.live(
        now,
        subject === undefined ? undefined : (await people.find(subject)).id,
      );
      const shown = live.map((session) => shownSession(session, config.refreshGraceSameAddress));
      print(...table(["ID", "USER", "SIGNED IN", "LAST USED", "ENDS UNUSED", "FROM"], shown.map(rowOf)));
    });
  }
  if (verb === "end" && subject !== undefined) {
    return withDatabase(config, async ({ store }) => {
      const session = await store.sessions.byId(subject);
      if (session === undefined) throw new UsageProblem(`there is no session ${subject}`);
      const about = { subject: session.userId, sessionId: session.id };
      const event = eventOf("session.ended", Date.now(), operator, { ...about, reason: "operator" });
      const ended = await store.sessions.end(session.id, [event]);
      print(ended ? `ended the session of ${session.userId}` : "this session had already ended");
    });
  }
  throw new UsageProblem("usage: latchkey session list [NAME]  or  latchkey session end ID");
}

function rowOf(session: Session): string[] {
  const time = (at: number) => new Date(at).toISOString();
  return [
    session.id,
    session.userId,
    time(session.createdAt),
    time(session.lastUsedAt),
    time(session.expiresAt),
    session.addressBucket,
  ];
}
