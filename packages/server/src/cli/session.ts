import type { Config } from "../config/config.ts";
import { eventOf, operator } from "../core/audit-events.ts";
import { shownSession } from "../core/stories/own-sessions.ts";
import type { Session } from "../core/stories/sessions.ts";
import { rfc3339 } from "../core/wire-fields.ts";
import { sessionAnswer } from "../http/admin/admin-answers.ts";
import { print } from "../terminal.ts";
import type { Given } from "./command.ts";
import { assertLocal, withDatabase } from "./database-access.ts";
import { CommandProblem } from "./failures.ts";
import { printPages } from "./listing.ts";

/** `latchkey session list`. */
export async function listSessions(given: Given<"json" | "limit" | "after">): Promise<void> {
  const { config, option, words } = given;
  assertSessionsHere(config);
  await withDatabase(config, async ({ store, people }) => {
    const [name, id] = [words[0], option("after")];
    const userId = name === undefined ? undefined : (await people.find(name)).id;
    const after = id === undefined ? undefined : await store.sessions.byId(id);
    if (id !== undefined && (after === undefined || (userId ?? after.userId) !== after.userId))
      throw new CommandProblem(`the list cannot go on after ${id}: it has no such session`);
    const now = Date.now();
    const longestGrace = Math.max(config.refreshGraceSameAddress, config.oauthRefreshGrace);
    await printPages(given, {
      heading: ["ID", "USER", "SIGNED IN", "LAST USED", "ENDS UNUSED", "FROM", "CLIENT", "RESOURCE"],
      cells: rowOf,
      fields: sessionAnswer,
      after,
      async read(page) {
        const live = await store.sessions.live(now, userId, page);
        return live.map((session) => shownSession(session, longestGrace));
      },
      positionOf: (session) => session,
      cursorOf: (session) => session.id,
    });
  });
}

/** `latchkey session end`. */
export async function endSession({ config, words: [id = ""] }: Given<never>): Promise<void> {
  assertSessionsHere(config);
  await withDatabase(config, async ({ store }) => {
    const session = await store.sessions.byId(id);
    if (session === undefined) throw new CommandProblem(`there is no session ${id}`);
    const about = { subject: session.userId, sessionId: session.id };
    const event = eventOf("session.ended", Date.now(), operator, { ...about, reason: "operator" });
    const ended = await store.sessions.end(session.id, [event]);
    print(ended ? `ended the session of ${session.userId}` : "this session had already ended");
  });
}

/** With Keycloak, the sessions of OAuth clients alone are here. */
function assertSessionsHere(config: Config): void {
  if (config.oauth === "off") assertLocal(config, "sessions", "list and end them");
}

function rowOf(session: Session): string[] {
  return [
    session.id,
    session.userId,
    rfc3339(session.createdAt),
    rfc3339(session.lastUsedAt),
    rfc3339(session.expiresAt),
    session.addressBucket,
    session.client?.name ?? "",
    session.client?.resource ?? "",
  ];
}
