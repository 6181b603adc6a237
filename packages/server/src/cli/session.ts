import { eventOf, operator } from "../core/audit-events.ts";
import { shownSession } from "../core/stories/own-sessions.ts";
import type { Session } from "../core/stories/sessions.ts";
import { print, table } from "../terminal.ts";
import type { Given } from "./command.ts";
import { assertLocal, withDatabase } from "./database-access.ts";
import { CommandProblem } from "./failures.ts";

/** `latchkey session list`. */
export async function listSessions({ config, words: [name] }: Given<never>): Promise<void> {
  assertLocal(config, "sessions", "list and end them");
  await withDatabase(config, async ({ store, people }) => {
    const now = Date.now();
    const live = await store.sessions.live(
      now,
      name === undefined ? undefined : (await people.find(name)).id,
    );
    const shown = live.map((session) => shownSession(session, config.refreshGraceSameAddress));
    print(...table(["ID", "USER", "SIGNED IN", "LAST USED", "ENDS UNUSED", "FROM"], shown.map(rowOf)));
  });
}

/** `latchkey session end`. */
export async function endSession({ config, words: [id = ""] }: Given<never>): Promise<void> {
  assertLocal(config, "sessions", "list and end them");
  await withDatabase(config, async ({ store }) => {
    const session = await store.sessions.byId(id);
    if (session === undefined) throw new CommandProblem(`there is no session ${id}`);
    const about = { subject: session.userId, sessionId: session.id };
    const event = eventOf("session.ended", Date.now(), operator, { ...about, reason: "operator" });
    const ended = await store.sessions.end(session.id, [event]);
    print(ended ? `ended the session of ${session.userId}` : "this session had already ended");
  });
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
