import { setTimeout as sleep } from "node:timers/promises";
import { type Caller, eventOf } from "../../core/audit-events.ts";
import type { Clock } from "../../core/clock.ts";
import { LatchkeyError } from "../../core/errors.ts";
import type { TokenCheck } from "../../core/stories/current-user.ts";
import type { RealmPeople } from "../../core/stories/realm-people.ts";
import type { Renew } from "../../core/stories/refresh.ts";
import { aboutSession } from "../../core/stories/session-life.ts";
import type { Session, Sessions } from "../../core/stories/sessions.ts";
import type { User } from "../../core/stories/users.ts";
import type { Revocations } from "../../core/tokens/revocations.ts";
import { apart, type BrokeredTokenSeal, type BrokeredTokens, stored } from "./brokered-tokens.ts";
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
}

/** A claim lasts this much longer than the longest wait for the realm, in milliseconds: for the commit after it. */
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
  const { realm, check, people, seal, sessions, revocations, clock } = parts;
  const underWay = new Map<string, Promise<User>>();

  return function renew(session, caller) {
    const known = underWay.get(session.id);
    if (known !== undefined) return known;
    const renewal = renewed(session, caller).finally(() => underWay.delete(session.id));
    underWay.set(session.id, renewal);
    return renewal;
  };

  async function renewed(session: Session, caller: Caller): Promise<User> {
    const deadline = clock() + realm.timeout + claimMargin;
    let text = await people.tokensOf(session.id);
    while (text !== undefined) {
      const { claimedUntil, sealed } = apart(text);
      if (claimedUntil > clock()) {
        const next = await changed(session.id, text);
        // The other replica has the realm's answer: the person is described anew.
        if (next !== undefined && apart(next).sealed !== sealed) return personOf(session);
        if (next === text && claimedUntil > clock()) {
          throw new LatchkeyError("provider_unavailable", { reason: "another replica waits for the realm" });
        }
        text = next;
        continue;
      }
      const claimed = stored({ claimedUntil: deadline, sealed });
      if (await people.replaceTokens(session.id, text, claimed)) return ask(session, claimed, caller);
      text = await people.tokensOf(session.id);
    }
    throw new LatchkeyError("token_revoked", { reason: "no tokens of the realm, or the session has ended" });
  }

  /** Waits until a claim is given up or replaced, or could have expired. @returns the text after it */
  async function changed(id: string, claimed: string): Promise<string | undefined> {
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
      await people.replaceTokens(
        session.id,
        claimed,
        stored({ claimedUntil: 0, sealed: apart(claimed).sealed }),
      );
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
