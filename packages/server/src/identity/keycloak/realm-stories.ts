import type { Guard } from "@latchkey/guard";
import type { AuditTrail } from "../../core/audit-events.ts";
import type { Clock, SteadyClock } from "../../core/clock.ts";
import { createCurrentUser, createTokenCheck } from "../../core/stories/current-user.ts";
import type { RealmSessions } from "../../core/stories/realm-sessions.ts";
import type { Refreshed } from "../../core/stories/refresh.ts";
import { type GraceSettings, mostRepeats } from "../../core/stories/refresh-grace.ts";
import type { Throttle } from "../../core/throttle/throttle.ts";
import { type DerivedKeys, nameFingerprints } from "../../core/tokens/derived-keys.ts";
import type { Revocations } from "../../core/tokens/revocations.ts";
import { realmAccounts } from "./accounts.ts";
import type { RealmSettings } from "./discovery.ts";
import { IdempotencyWindow } from "./idempotency-window.ts";
import { createPasswordCheck } from "./password-check.ts";
import { Realm } from "./realm.ts";
import type { RealmLog } from "./realm-connection.ts";
import { createRealmLogout } from "./realm-logout.ts";
import { realmUser } from "./realm-tokens.ts";
import { createRealmRefresh } from "./refresh.ts";
import { SessionRecords } from "./session-records.ts";
import { createRealmSignIn } from "./sign-in.ts";
import { createRealmSignOut } from "./sign-out.ts";

/** Sessions that could not be ended at the realm are tried again after so many milliseconds. */
const logoutRetryInterval = 1_000;

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
  const records = new SessionRecords(derived.sealing);
  const logout = createRealmLogout({ realm, sessions, records, clock, log });
  const accountOf = realmAccounts(sessions, nameFingerprints(derived.fingerprint));
  const idempotency = new IdempotencyWindow<Refreshed>({
    keepFor: Math.max(...Object.values(grace)),
    maxRepeats: mostRepeats,
    steady,
    successorOf: ({ refreshToken }) => refreshToken,
  });
  const parts = {
    ...given,
    checkPassword: createPasswordCheck(realm, steady),
    check,
    records,
    logout,
    accountOf,
    idempotency,
  };
  return {
    signIn: createRealmSignIn(parts),
    refresh: createRealmRefresh(parts),
    currentUser: createCurrentUser(check, async (principal) => realmUser(principal)),
    signOut: createRealmSignOut(parts),
    job: [logoutRetryInterval, () => logout.endPending()] as const,
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
