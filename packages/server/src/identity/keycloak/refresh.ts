import { type AuditTrail, type Caller, eventOf } from "../../core/audit-events.ts";
import type { Clock, SteadyClock } from "../../core/clock.ts";
import { isTokenRefusal, LatchkeyError } from "../../core/errors.ts";
import type { TokenCheck } from "../../core/stories/current-user.ts";
import type { KnownRealmSession, RealmSessions } from "../../core/stories/realm-sessions.ts";
import type { Refresh, Refreshed } from "../../core/stories/refresh.ts";
import { type GraceSettings, mostRepeats, originOf } from "../../core/stories/refresh-grace.ts";
import { noTrade } from "../../core/stories/trade.ts";
import type { Throttle } from "../../core/throttle/throttle.ts";
import type { Revocations } from "../../core/tokens/revocations.ts";
import { sizeRefusal } from "../../core/tokens/token-size.ts";
import { IdempotencyWindow } from "./idempotency-window.ts";
import type { Realm } from "./realm.ts";
import type { RealmLogout } from "./realm-logout.ts";
import { lifetimeOf, type RealmRefreshToken, readRefreshToken } from "./realm-tokens.ts";
import { refusedRefresh } from "./refusals.ts";
import type { SessionRecords } from "./session-records.ts";

export interface RealmRefreshParts {
  readonly realm: Realm;
  readonly throttle: Throttle;
  readonly check: TokenCheck;
  readonly sessions: RealmSessions;
  readonly revocations: Pick<Revocations, "poll">;
  readonly records: SessionRecords;
  readonly grace: GraceSettings;
  readonly audit: AuditTrail;
  readonly logout: RealmLogout;
  readonly clock: Clock;
  readonly steady: SteadyClock;
}

/**
 * Refreshes a session at a realm, by its refresh token alone. A repeat of the last token within the grace gets the same
 * answer. So two tabs of one server both stay signed in, even if the realm accepts a token once. Every repeat is
 * audited. The realm decides on a repeat that is too late or one too many. If the realm calls it a replay, the session
 * ends here as well (RFC 9700 §4.14.2).
 *
 * The function it returns throws {LatchkeyError} `validation_error`, `invalid_token`, `token_expired`,
 * `token_revoked`, `token_too_large`, `rate_limited`, `overloaded`, `provider_unavailable`.
 */
export function createRealmRefresh(parts: RealmRefreshParts): Refresh {
  const { realm, throttle, check, sessions, revocations, records, grace, audit, logout, clock } = parts;
  const idempotency = new IdempotencyWindow<Refreshed>({
    keepFor: Math.max(...Object.values(grace)),
    maxRepeats: mostRepeats,
    steady: parts.steady,
    successorOf: ({ refreshToken }) => refreshToken,
  });

  return async function refresh(grant, caller) {
    if ("currentToken" in grant) throw noTrade(onlyRefreshTokens);

    const token = readRefreshToken(grant.refreshToken);
    const session = token && (await sessions.byId(token.sessionId));
    const attempt = { operation: "refresh", caller, ...accountOf(token, session) } as const;
    await using admission = await throttle.admit(attempt);
    if (token === undefined) {
      const reason = "not a refresh token of a realm";
      throw await admission.failed(new LatchkeyError("invalid_token", { reason }));
    }
    if (session?.ended) throw await admission.failed(ended());

    const origin = originOf(caller, session?.addressBucket ?? "");
    try {
      return await idempotency.run(token.text, {
        window: grace[origin],
        work: () => trade(token, caller),
        onRepeat: () => {
          const about = { subject: token.userId, sessionId: token.sessionId, reason: origin };
          return audit.record(eventOf("refresh.repeated", clock(), caller, about));
        },
        onReplay: () => replayed(token, caller),
      });
    } catch (error) {
      throw isTokenRefusal(error) ? await admission.failed(error) : error;
    }
  };

  async function trade(token: RealmRefreshToken, caller: Caller): Promise<Refreshed> {
    const answer = await realm.refresh(token.text);
    if ("refused" in answer) return refuse(token, answer.refused, caller);
    const tooLarge = sizeRefusal(answer.accessToken);
    if (tooLarge) throw tooLarge;
    const principal = await check(answer.accessToken);
    const session = records.recordOf(principal, answer, { nameKey: "", addressBucket: "" }, clock());
    const about = { subject: principal.userId, sessionId: session.id };
    const event = eventOf("token.refreshed", clock(), caller, { ...about, reason: "refresh_token" });
    if (!(await sessions.note(session, event))) throw ended();
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
    await revocations.poll();
    await logout.end(sessionId);
    throw new LatchkeyError("token_revoked", { reason: "replay" });
  }

  function ended(): LatchkeyError {
    return new LatchkeyError("token_revoked", { reason: "session ended" });
  }
}

const onlyRefreshTokens =
  "Send refresh_token: sessions of Keycloak are refreshed by their refresh token alone";

/**
 * The account that a token counts for. The realm alone can check its signature. A token with the ids of a session and
 * of its user counts for that session. Any other counts for the address, so forged tokens there do not stop a session.
 */
function accountOf(token: RealmRefreshToken | undefined, session: KnownRealmSession | undefined) {
  if (token === undefined || session?.userId !== token.userId) return {};
  const { sessionId, userId } = token;
  return { account: { key: `${userId} ${sessionId}`, userId, subject: userId } };
}
