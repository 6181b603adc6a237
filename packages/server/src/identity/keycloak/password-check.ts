import { setTimeout as pause } from "node:timers/promises";
import type { SteadyClock } from "../../core/clock.ts";
import { LatchkeyError } from "../../core/errors.ts";
import { asked, type Typed } from "./accounts.ts";
import { Doubts } from "./doubts.ts";
import type { Realm, RealmGrant } from "./realm.ts";
import { type RealmRefusal, RealmUnavailable } from "./realm-problems.ts";
import { refusedSignIn } from "./refusals.ts";
import { Turns } from "./turns.ts";

/** How long Keycloak may take to note that a login has ended, in milliseconds. */
const settles = 250;

/** Asks the realm whether a password is right. @param key of the account that is meant */
export type PasswordCheck = (key: string, typed: Typed) => Promise<RealmGrant | RealmRefusal>;

/**
 * Asks so that a no means what it says. While Keycloak is busy with one login of an account it calls every other a
 * wrong password: so they take turns, a no close upon another login is asked for once more, and one after a login
 * whose answer never came is none.
 *
 * The function it returns throws {LatchkeyError} `overloaded`, `provider_unavailable`.
 */
export function createPasswordCheck(realm: Realm, steady: SteadyClock): PasswordCheck {
  const turns = new Turns({ patience: realm.timeout, steady });
  const doubts = new Doubts(steady);

  async function ask(key: string, { username, password }: Typed): Promise<RealmGrant | RealmRefusal> {
    try {
      return await realm.signIn(username, password);
    } catch (error) {
      const unanswered = error instanceof LatchkeyError && error.cause instanceof RealmUnavailable;
      if (unanswered) doubts.begin(key);
      throw error;
    }
  }

  return (key, typed) =>
    turns.take(key, async (followsClosely) => {
      const put = asked(typed);
      let answer = await ask(key, put);
      if (isWrong(answer) && followsClosely) {
        await pause(settles);
        answer = await ask(key, put);
      }
      if (!isWrong(answer)) doubts.end(key);
      else if (doubts.about(key)) {
        const reason = "an earlier login of this account may be under way at the realm";
        throw new LatchkeyError("provider_unavailable", { reason, retryAfter: 1 });
      }
      return answer;
    });
}

function isWrong(answer: RealmGrant | RealmRefusal): boolean {
  return "refused" in answer && refusedSignIn(answer.refused).code === "invalid_credentials";
}
