import type { Clock } from "../../core/clock.ts";
import { LatchkeyError } from "../../core/errors.ts";
import type { RealmSession, RealmSessions } from "../../core/stories/realm-sessions.ts";
import type { Realm } from "./realm.ts";
import type { RealmLog } from "./realm-connection.ts";
import type { SessionRecords } from "./session-records.ts";

export interface RealmLogoutParts {
  readonly realm: Realm;
  readonly sessions: RealmSessions;
  readonly records: SessionRecords;
  readonly clock: Clock;
  readonly log: RealmLog;
}

export type RealmLogout = ReturnType<typeof createRealmLogout>;

/**
 * Ends sessions at the realm that have ended here (RP-initiated logout). Their tokens are refused here in any case. A
 * session stays pending while the realm is unavailable.
 */
export function createRealmLogout({ realm, sessions, records, clock, log }: RealmLogoutParts) {
  async function end(
    session: Pick<RealmSession, "id" | "sealedIdTokenHint">,
    accessToken?: string,
  ): Promise<void> {
    const idTokenHint = records.idTokenHintOf(session);
    const ended = idTokenHint !== undefined && (await realm.endSession(idTokenHint));
    if (!ended) {
      // The session was opened elsewhere, or the key that signed its ID token is gone.
      log.warn({ sessionId: session.id }, "a session that ended here goes on at the realm");
      if (accessToken !== undefined) await realm.revoke(accessToken);
    }
    await sessions.markNotified(session.id, clock());
  }

  return {
    /** @param accessToken of the session, if there is one at hand */
    async end(id: string, accessToken?: string): Promise<void> {
      const sealedIdTokenHint = await sessions.sealedIdTokenHint(id);
      await end({ id, sealedIdTokenHint }, accessToken).catch(ignoreUnavailable);
    },
    /** Ends all pending sessions, one after the other. Stops early if the realm is unavailable. */
    async endPending(): Promise<void> {
      try {
        for (const session of await sessions.unnotified()) await end(session);
      } catch (error) {
        ignoreUnavailable(error);
      }
    },
  };
}

/** The session is still pending then, and the next run tries again. */
function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof LatchkeyError) || error.code !== "provider_unavailable") throw error;
}
