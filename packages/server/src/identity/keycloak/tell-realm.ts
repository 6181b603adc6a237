import type { Clock } from "../../core/clock.ts";
import { LatchkeyError } from "../../core/errors.ts";
import type { RealmSession, RealmSessions } from "../../core/realm-sessions.ts";
import type { Realm, RealmLog } from "./realm.ts";
import type { SessionNotes } from "./session-notes.ts";

export interface TellRealmParts {
  readonly realm: Realm;
  readonly sessions: RealmSessions;
  readonly notes: SessionNotes;
  readonly clock: Clock;
  readonly log: RealmLog;
}

/**
 * Tells the realm of sessions that ended here, so that they do not go on there. They are refused here whether the
 * realm knows or not. Where it cannot be reached, the session stays on the list.
 */
export interface TellRealm {
  /** @param accessToken of the session, where there is one at hand */
  of(sessionId: string, accessToken?: string): Promise<void>;
  /** Of all that it has not heard of, one after the other, until it does not answer. */
  ofAll(): Promise<void>;
}

export function createTellRealm({ realm, sessions, notes, clock, log }: TellRealmParts): TellRealm {
  async function tell(
    session: Pick<RealmSession, "id" | "sealedIdTokenHint">,
    accessToken?: string,
  ): Promise<void> {
    const hint = notes.hintOf(session);
    const heard = hint !== undefined && (await realm.endSession(hint));
    if (!heard) {
      // It was opened elsewhere, or the realm cannot read the token any more that would show it which one is meant.
      log.warn({ sessionId: session.id }, "the realm goes on with a session that has ended here");
      if (accessToken !== undefined) await realm.revoke(accessToken);
    }
    await sessions.markNotified(session.id, clock());
  }

  return {
    async of(id, accessToken) {
      await tell({ id, sealedIdTokenHint: await sessions.sealedIdTokenHint(id) }, accessToken).catch(
        staysOnTheList,
      );
    },
    async ofAll() {
      const all = async () => {
        for (const session of await sessions.unnotified()) await tell(session);
      };
      await all().catch(staysOnTheList);
    },
  };
}

function staysOnTheList(error: unknown): void {
  if (!(error instanceof LatchkeyError) || error.code !== "provider_unavailable") throw error;
}
