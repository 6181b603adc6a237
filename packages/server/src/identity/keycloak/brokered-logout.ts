import type { Clock } from "../../core/clock.ts";
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
  readonly clock: Clock;
}

/** A replica with a clock behind may still redeem a code for so long after its expiry here, in milliseconds. */
const clockMargin = 60_000;

/**
 * Ends the realm's sessions of OAuth clients' sessions that have ended here, however they ended. Several of them can
 * belong to one session of the realm, because a browser signs in there once. The realm's session ends with the last.
 *
 * The tokens of a code that nobody redeemed are deleted. Its session of the realm is left to the realm.
 *
 * @returns a job. A session waits for the next run while the realm is unavailable
 */
export function createBrokeredLogout({ realm, people, seal, log, clock }: BrokeredLogoutParts) {
  return async function endPending(): Promise<void> {
    await people.forgetTokensOfCodes(clock() - clockMargin);
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
      const isSame = (other: string) => seal.read(userId, other)?.realmSessionId === tokens.realmSessionId;
      // A session that is opened from a code goes on with the realm's session. The next run sees whether one was.
      if ((await people.tokensOfCodes(userId)).some(isSame)) return;
      const isShared = (await people.tokensOfOthers(userId, id)).some(isSame);
      if (!isShared && !(await realm.endSession(tokens.idToken))) {
        // The key that signed its ID token is gone.
        log.warn({ sessionId: id }, "a session that ended here goes on at the realm");
      }
    }
    await people.forgetTokens(id);
  }
}
