import { type Caller, eventOf } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { clientOf, type TokenCheck } from "./current-user.ts";
import type { Sessions } from "./sessions.ts";

export interface SignOutParts {
  readonly check: TokenCheck;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly clock: Clock;
}

export type SignOut = (token: string | undefined, caller: Caller) => Promise<void>;

/**
 * Ends the session. When the answer is sent, its access tokens are refused and its refresh token is dead. Two logouts
 * at the same time both succeed.
 *
 * The function it returns throws {LatchkeyError} `missing_token`, `invalid_token`, `token_expired`,
 * `token_revoked`.
 */
export function createSignOut({ check, sessions, revocations, clock }: SignOutParts): SignOut {
  return async function signOut(token, caller) {
    const principal = await check(token);
    const { userId, sessionId } = principal;
    const about = { subject: userId, sessionId, ...clientOf(principal) };
    const event = eventOf("session.ended", clock(), caller, { ...about, reason: "logout" });
    await sessions.end(sessionId, [event]);
    await revocations.poll();
  };
}
