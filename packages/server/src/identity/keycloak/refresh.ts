import { eventOf } from "../../core/audit-events.ts";
import type { TokenCheck } from "../../core/current-user.ts";
import { LatchkeyError } from "../../core/errors.ts";
import type { Caller, Clock } from "../../core/ports.ts";
import type { RealmSessions } from "../../core/realm-sessions.ts";
import type { Refresh, Refreshed } from "../../core/refresh.ts";
import type { Revocations } from "../../core/revocations.ts";
import type { Throttle } from "../../core/throttle.ts";
import { assertTokenFits } from "../../core/token-size.ts";
import type { Realm } from "./realm.ts";
import { lifetimeOf } from "./realm-user.ts";
import { type RealmRefreshToken, readRefreshToken } from "./refresh-token.ts";
import { refusedRefresh } from "./refusals.ts";
import type { SessionNotes } from "./session-notes.ts";
import type { SharedAnswers } from "./shared-answers.ts";
import type { TellRealm } from "./tell-realm.ts";

export interface RealmRefreshParts {
  readonly realm: Realm;
  readonly throttle: Throttle;
  readonly check: TokenCheck;
  readonly sessions: RealmSessions;
  readonly revocations: Pick<Revocations, "follow">;
  readonly notes: SessionNotes;
  readonly shared: SharedAnswers<Refreshed>;
  readonly tellRealm: TellRealm;
  readonly clock: Clock;
}

/**
 * Refreshing at a realm, by its refresh token alone. Who repeats the last one within the grace gets the same
 * answer, so two tabs of one server both stay signed in where the realm lets a token be used once. What the realm
 * calls a replay ends the session here as well (RFC 9700 §4.14.2).
 *
 * The function it returns throws {LatchkeyError} `validation_error`, `invalid_token`, `token_expired`,
 * `token_revoked`, `token_too_large`, `rate_limited`, `overloaded`, `provider_unavailable`.
 */
export function createRealmRefresh(parts: RealmRefreshParts): Refresh {
  const { realm, throttle, check, sessions, revocations, notes, shared, tellRealm, clock } = parts;

  return async function refresh(grant, caller) {
    if ("currentToken" in grant) throw new LatchkeyError("validation_error", { issues: [onlyRefreshTokens] });

    return throttle.attempt({ operation: "refresh", caller }, async () => {
      const token = readRefreshToken(grant.refreshToken);
      if (token === undefined)
        throw new LatchkeyError("invalid_token", { reason: "not a refresh token of a realm" });
      if (await sessions.hasEnded(token.sessionId)) throw ended();
      return shared.of(
        token.text,
        () => trade(token, caller),
        () => replayed(token, caller),
      );
    });
  };

  async function trade(token: RealmRefreshToken, caller: Caller): Promise<Refreshed> {
    const answer = await realm.refresh(token.text);
    if ("refused" in answer) return refuse(token, answer.refused, caller);
    assertTokenFits(answer.accessToken);
    const principal = await check(answer.accessToken);
    const session = notes.noteOf(principal, answer, { nameKey: "", addressBucket: "" }, clock());
    const about = { subject: principal.userId, sessionId: session.id, reason: "refresh_token" };
    if (!(await sessions.note(session, eventOf("token.refreshed", clock(), caller, about)))) throw ended();
    const { accessToken, refreshToken } = answer;
    return { accessToken, refreshToken, expiresIn: lifetimeOf(principal, clock()) };
  }

  async function refuse(token: RealmRefreshToken, description: string, caller: Caller): Promise<never> {
    const { code, reason } = refusedRefresh(description);
    // The realm has checked the token's signature before it calls it a replay.
    if (reason === "replay") return replayed(token, caller);
    throw new LatchkeyError(code, { reason });
  }

  async function replayed(token: RealmRefreshToken, caller: Caller): Promise<never> {
    const { sessionId, userId, expiresAt } = token;
    const now = clock();
    const about = { subject: userId, sessionId };
    const until = Math.max(now, expiresAt);
    await sessions.end({ id: sessionId, userId, tokensUntil: until, keepUntil: until }, [
      eventOf("refresh.replayed", now, caller, about),
      eventOf("session.ended", now, caller, { ...about, reason: "replay" }),
    ]);
    await revocations.follow();
    await tellRealm.of(sessionId);
    throw new LatchkeyError("token_revoked", { reason: "replay" });
  }

  function ended(): LatchkeyError {
    return new LatchkeyError("token_revoked", { reason: "session ended" });
  }
}

const onlyRefreshTokens = {
  loc: ["body", "current_token"],
  msg: "Send refresh_token: sessions are Keycloak's here, and go on by their refresh token alone",
  type: "value_error",
};
