import { setTimeout as realSleep } from "node:timers/promises";
import { type Caller, eventOf } from "../../core/audit-events.ts";
import type { Clock } from "../../core/clock.ts";
import { LatchkeyError } from "../../core/errors.ts";
import type { User } from "../../core/people/users.ts";
import type { TokenCheck } from "../../core/stories/current-user.ts";
import type { RealmPeople } from "../../core/stories/realm-people.ts";
import type { Renew } from "../../core/stories/refresh.ts";
import { aboutSession } from "../../core/stories/session-life.ts";
import type { Session, Sessions } from "../../core/stories/sessions.ts";
import type { Revocations } from "../../core/tokens/revocations.ts";
import {
  apart,
  type BrokeredTokenSeal,
  type BrokeredTokens,
  free,
  newClaim,
  stored,
} from "./brokered-tokens.ts";
import { checkGrant } from "./grant-check.ts";
import type { Realm, RealmGrant } from "./realm.ts";
import { realmUser } from "./realm-tokens.ts";
import { refusedRefresh } from "./refusals.ts";

export interface RenewalParts {
  readonly realm: Pick<Realm, "issuer" | "refresh" | "timeout">;
  readonly check: TokenCheck;
  readonly people: RealmPeople;
  readonly seal: BrokeredTokenSeal;
  readonly sessions: Pick<Sessions, "end">;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
  /** Waits for so many milliseconds. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** A claim may last so much longer than the longest wait for the realm, in milliseconds: for the commit after it. */
const claimMargin = 5_000;
/** Milliseconds between two looks at a claim of another replica. */
const claimPoll = 50;

/**
 * Refreshes the realm's tokens at every refresh of a session. The realm decides there whether the person is still
 * allowed, and tells today's roles. Its refusal ends the session; if it cannot be asked, the session stays as it is.
 *
 * A realm may accept each refresh token once, and ends its own session at a second use. So concurrent refreshes of one
 * session share one request to the realm. On other replicas they wait for the one that claimed the session.
 *
 * The function it returns throws {LatchkeyError} `token_revoked`, `provider_unavailable`, `overloaded`,
 * `store_unavailable`.
 */
export function createRenewal(parts: RenewalParts): Renew {
  const { realm, check, people, seal, sessions, revocations, clock, sleep = realSleep } = parts;
  const underWay = new Map<string, Promise<User>>();

  return function renew(session, caller) {
    const known = underWay.get(session.id);
    if (known !== undefined) return known;
    const renewal = renewed(session, caller).finally(() => underWay.delete(session.id));
    underWay.set(session.id, renewal);
    return renewal;
  };

  async function renewed(session: Session, caller: Caller): Promise<User> {
    let text = await people.tokensOf(session.id);
    while (text !== undefined) {
      const { claim, sealed } = apart(text);
      if (claim !== free) {
        const next = await afterClaim(session.id, text);
        if (next === undefined) break;
        // The other replica has the realm's answer: the person is described anew.
        if (apart(next).sealed !== sealed) return personOf(session);
        if (apart(next).claim === free) {
          throw new LatchkeyError("provider_unavailable", {
            reason: "another replica did not reach the realm",
          });
        }
      }
      const claimed = stored({ claim: newClaim(), sealed });
      if (await people.replaceTokens(session.id, text, claimed)) return ask(session, claimed, caller);
      text = await people.tokensOf(session.id);
    }
    throw new LatchkeyError("token_revoked", { reason: "no tokens of the realm, or the session has ended" });
  }

  /**
   * Waits until another replica has given up its claim or has new tokens. It asks the realm for a bounded time, so a
   * claim that stays longer belongs to a replica that has died.
   *
   * @returns the text after it; the claimed one itself if the other replica has died
   */
  async function afterClaim(id: string, claimed: string): Promise<string | undefined> {
    for (let waited = 0; waited <= realm.timeout + claimMargin; waited += claimPoll) {
      await sleep(claimPoll);
      const text = await people.tokensOf(id);
      if (text !== claimed) return text;
    }
    return claimed;
  }

  async function personOf({ userId }: Session): Promise<User> {
    const user = await people.byId(userId);
    if (user === undefined) throw new LatchkeyError("token_revoked", { reason: "person is gone" });
    return user;
  }

  async function ask(session: Session, claimed: string, caller: Caller): Promise<User> {
    const tokens = seal.read(session.userId, claimed);
    if (tokens === undefined) return end(session, "tokens sealed with a secret that is gone", caller);
    let answer: Awaited<ReturnType<Realm["refresh"]>>;
    try {
      answer = await realm.refresh(tokens.refreshToken);
    } catch (error) {
      await people.replaceTokens(session.id, claimed, stored({ claim: free, sealed: apart(claimed).sealed }));
      throw error;
    }
    if ("refused" in answer) return end(session, refusedRefresh(answer.refused).reason, caller);
    return keep(session, claimed, tokens, answer, caller);
  }

  /** Stores the new tokens, also if the access token is refused here: the realm may have used up the old ones. */
  async function keep(
    session: Session,
    claimed: string,
    before: BrokeredTokens,
    grant: RealmGrant,
    caller: Caller,
  ): Promise<User> {
    const { refreshToken, idToken = before.idToken } = grant;
    const next = seal.write(session.userId, { ...before, refreshToken, idToken });
    const store = (user?: User) =>
      people.replaceTokens(session.id, claimed, next, user && { ...user, issuer: realm.issuer });
    let user: User;
    try {
      user = realmUser(await checkGrant(check, grant));
    } catch (error) {
      await store();
      throw error;
    }
    if (user.id !== session.userId) return end(session, "the realm answered with another person", caller);
    if (await store(user)) return user;
    throw new LatchkeyError("token_revoked", { reason: "session ended meanwhile" });
  }

  /** The realm refused. The session ends here at once, for every guard. @param why for the log */
  async function end(session: Session, why: string, caller: Caller): Promise<never> {
    const about = { ...aboutSession(session), reason: "realm" } as const;
    await sessions.end(session.id, [eventOf("session.ended", clock(), caller, about)]);
    await revocations.poll();
    throw new LatchkeyError("token_revoked", { reason: `ended by the realm: ${why}` });
  }
}
