import { eventOf } from "../../core/audit-events.ts";
import type { Clock } from "../../core/clock.ts";
import type { TokenCheck } from "../../core/stories/current-user.ts";
import type { RealmSessions } from "../../core/stories/realm-sessions.ts";
import type { SignOut } from "../../core/stories/sign-out.ts";
import type { Revocations } from "../../core/tokens/revocations.ts";
import type { RealmLogout } from "./realm-logout.ts";
import { lifetimeOf } from "./realm-tokens.ts";
import type { SessionRecords } from "./session-records.ts";

export interface RealmSignOutParts {
  readonly check: TokenCheck;
  readonly sessions: RealmSessions;
  readonly revocations: Pick<Revocations, "poll">;
  readonly records: SessionRecords;
  readonly logout: RealmLogout;
  readonly clock: Clock;
}

/**
 * Ends a session of a realm. It joins the revocations first, so this server and every guard refuse it. Then the realm is
 * notified. If the realm cannot be reached, it is notified later: the session has ended all the same.
 *
 * The function it returns throws {LatchkeyError} `missing_token`, `invalid_token`, `token_expired`,
 * `token_revoked`.
 */
export function createRealmSignOut(parts: RealmSignOutParts): SignOut {
  const { check, sessions, revocations, records, logout, clock } = parts;

  return async function signOut(token, caller) {
    const principal = await check(token);
    const now = clock();
    const session = records.endedRecordOf(principal, lifetimeOf(principal, now) * 1000, now);
    const about = { subject: principal.userId, sessionId: principal.sessionId };
    await sessions.end(session, [eventOf("session.ended", now, caller, { ...about, reason: "logout" })]);
    await revocations.poll();
    await logout.end(principal.sessionId, token);
  };
}
