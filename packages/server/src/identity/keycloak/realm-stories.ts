import type { Guard } from "@latchkey/guard";
import type { AuditTrail } from "../../core/audit-events.ts";
import type { Clock, SteadyClock } from "../../core/clock.ts";
import { createCurrentUser, createTokenCheck } from "../../core/current-user.ts";
import { type DerivedKeys, nameFingerprints } from "../../core/derived-keys.ts";
import type { RealmSessions } from "../../core/realm-sessions.ts";
import type { Refreshed } from "../../core/refresh.ts";
import { type GraceSettings, mostRepeats } from "../../core/refresh-grace.ts";
import type { Revocations } from "../../core/revocations.ts";
import type { Throttle } from "../../core/throttle.ts";
import { realmAccounts } from "./accounts.ts";
import { createPasswordCheck } from "./password-check.ts";
import { Realm, type RealmLog, type RealmSettings } from "./realm.ts";
import { realmUser } from "./realm-user.ts";
import { createRealmRefresh } from "./refresh.ts";
import { SessionNotes } from "./session-notes.ts";
import { SharedAnswers } from "./shared-answers.ts";
import { createRealmSignIn } from "./sign-in.ts";
import { createRealmSignOut } from "./sign-out.ts";
import { createTellRealm } from "./tell-realm.ts";

/** The interval at which a realm is notified of sessions that ended while it could not be reached, in milliseconds. */
const tellEvery = 1_000;

export interface RealmStoryParts {
  readonly realm: Realm;
  readonly guard: Guard;
  readonly throttle: Throttle;
  readonly sessions: RealmSessions;
  readonly revocations: Revocations;
  readonly audit: AuditTrail;
  readonly derived: DerivedKeys;
  readonly grace: GraceSettings;
  readonly clock: Clock;
  readonly steady: SteadyClock;
  readonly log: RealmLog;
}

/** The four operations with users of a Keycloak realm, and their background job. */
export function realmStories({ derived, ...given }: RealmStoryParts) {
  const { realm, guard, sessions, grace, clock, steady, log } = given;
  const check = createTokenCheck(guard);
  const notes = new SessionNotes(derived.sealing);
  const tellRealm = createTellRealm({ realm, sessions, notes, clock, log });
  const accountOf = realmAccounts(sessions, nameFingerprints(derived.fingerprint));
  const next = ({ refreshToken }: Refreshed) => refreshToken;
  const keepFor = Math.max(...Object.values(grace));
  const shared = new SharedAnswers<Refreshed>({ keepFor, most: mostRepeats, steady, next });
  const parts = {
    ...given,
    checkPassword: createPasswordCheck(realm, steady),
    check,
    notes,
    tellRealm,
    accountOf,
    shared,
  };
  return {
    signIn: createRealmSignIn(parts),
    refresh: createRealmRefresh(parts),
    currentUser: createCurrentUser(check, async (principal) => realmUser(principal)),
    signOut: createRealmSignOut(parts),
    chore: [tellEvery, () => tellRealm.ofAll()] as const,
  };
}

/**
 * Finds the realm and proves the client. A realm that cannot be reached is tried again at the next use.
 *
 * @throws {RealmMisconfigured} with the one line that says what to do
 */
export async function openRealm(settings: RealmSettings, log: RealmLog) {
  const realm = new Realm(settings, log);
  return { realm, reached: await realm.open() };
}
