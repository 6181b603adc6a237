import { LatchkeyError } from "../../core/errors.ts";
import type { EndedBrokeredSession, RealmPeople } from "../../core/stories/realm-people.ts";
import type { BrokeredTokenSeal } from "./brokered-tokens.ts";
import type { Realm } from "./realm.ts";
import type { RealmLog } from "./realm-connection.ts";

export interface BrokeredLogoutParts {
  readonly realm: Pick<Realm, "endSession">;
  readonly people: RealmPeople;
  readonly seal: BrokeredTokenSeal;
  readonly log: RealmLog;
}

/**
 * Ends the realm's sessions of OAuth clients' sessions that have ended here, however they ended. Several of them can
 * belong to one session of the realm, because a browser signs in there once. The realm's session ends with the last.
 *
 * @returns a job. A session waits for the next run while the realm is unavailable
 */
export function createBrokeredLogout({ realm, people, seal, log }: BrokeredLogoutParts) {
  return async function endPending(): Promise<void> {
    for (const session of await people.ended()) {
      try {
        await end(session);
      } catch (error) {
        if (error instanceof LatchkeyError && error.code === "provider_unavailable") return;
        throw error;
      }
    }
  };

  async function end({ id, userId, tokens: text }: EndedBrokeredSession): Promise<void> {
    const tokens = seal.read(userId, text);
    if (tokens !== undefined) {
      const others = await people.tokensOfOthers(userId, id);
      const isShared = others.some(
        (other) => seal.read(userId, other)?.realmSessionId === tokens.realmSessionId,
      );
      if (!isShared && !(await realm.endSession(tokens.idToken))) {
        // The key that signed its ID token is gone.
        log.warn({ sessionId: id }, "a session that ended here goes on at the realm");
      }
    }
    await people.forgetTokens(id);
  }
}
