import { setTimeout as sleep } from "node:timers/promises";
import type { SteadyClock } from "../../core/clock.ts";
import { LatchkeyError } from "../../core/errors.ts";
import { RecentKeys } from "../../core/recent-keys.ts";
import type { Credentials } from "../../core/stories/sign-in.ts";
import { credentialsToSend } from "./accounts.ts";
import { KeyedMutex } from "./keyed-mutex.ts";
import type { Realm, RealmGrant } from "./realm.ts";
import { RealmUnavailable } from "./realm-errors.ts";
import { type RealmRefusal, refusedSignIn } from "./refusals.ts";

/** Keycloak notes the end of a login a moment after its answer: up to so many milliseconds. */
const settlingTime = 250;
/** For so many milliseconds after a login, another one of the account is checked twice before it is rejected. */
const recentFor = 2_000;
/** For so many milliseconds Keycloak may work on a login that it did not answer. */
const unansweredFor = 60_000;

/** Asks the realm whether a password is right. @param key of the account, see `RealmAccount` */
export type PasswordCheck = (key: string, credentials: Credentials) => Promise<RealmGrant | RealmRefusal>;

/**
 * Checks a password so that a rejection means a wrong password. Keycloak's brute force detection allows an account one
 * login at a time. It rejects any other, also one with the right password. Three measures keep these false rejections
 * from the user:
 *
 * - Logins of one account take turns.
 * - A rejection shortly after another login is checked once more.
 * - A rejection within a minute after an unanswered login is answered with `provider_unavailable`.
 *
 * The function it returns throws {LatchkeyError} `overloaded`, `provider_unavailable`.
 */
export function createPasswordCheck(
  realm: Pick<Realm, "signIn" | "timeout">,
  steady: SteadyClock,
): PasswordCheck {
  const mutex = new KeyedMutex(realm.timeout);
  const recent = new RecentKeys(steady);
  const unanswered = new RecentKeys(steady);

  async function ask(key: string, { username, password }: Credentials): Promise<RealmGrant | RealmRefusal> {
    try {
      const answer = await realm.signIn(username, password);
      recent.note(key);
      return answer;
    } catch (error) {
      // A login that was not sent, because of a full bulkhead or an open circuit, is not noted: a flood of them would
      // displace logins that were sent.
      const unsent = error instanceof LatchkeyError && error.cause === undefined;
      if (!unsent) recent.note(key);
      if (error instanceof LatchkeyError && error.cause instanceof RealmUnavailable) unanswered.note(key);
      throw error;
    }
  }

  return async function checkPassword(key, credentials) {
    using _lock = await mutex.lock(key);
    const sent = credentialsToSend(credentials);
    const mayBeFalse = recent.ageOf(key) < recentFor;
    let answer = await ask(key, sent);
    if (mayBeFalse && isWrongPassword(answer)) {
      await sleep(settlingTime);
      answer = await ask(key, sent);
    }
    if (!isWrongPassword(answer)) unanswered.forget(key);
    else if (unanswered.ageOf(key) < unansweredFor) {
      const reason = "an earlier login of this account may be under way at the realm";
      throw new LatchkeyError("provider_unavailable", { reason });
    }
    return answer;
  };
}

function isWrongPassword(answer: RealmGrant | RealmRefusal): boolean {
  return "refused" in answer && refusedSignIn(answer.refused).code === "invalid_credentials";
}
