import { eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { clientOf, type SessionPrincipal } from "./current-user.ts";
import { aboutSession, isLive } from "./session-life.ts";
import type { Session, Sessions } from "./sessions.ts";

export interface OwnSessionsParts {
  readonly sessions: Sessions;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
  /** The longest grace of a repeated refresh token, in milliseconds. */
  readonly longestGrace: number;
}

export interface LiveSessions {
  /** The sessions, last used first. */
  readonly sessions: readonly Session[];
  readonly total: number;
}

/** Sessions that are shown, at most: a program that signs in at every run has any number of them. */
const mostShown = 100;

export type OwnSessions = ReturnType<typeof createOwnSessions>;

/** Session operations for the signed-in user. When a promise resolves, the sessions that it ended are refused. */
export function createOwnSessions({ sessions, revocations, clock, longestGrace }: OwnSessionsParts) {
  return {
    /** The number of live sessions, and the hundred that were used last. */
    async list({ userId }: SessionPrincipal): Promise<LiveSessions> {
      const now = clock();
      const total = await sessions.countLive(userId, now);
      const live = await sessions.liveOf(userId, now, mostShown);
      const shown = live.map((session) => shownSession(session, longestGrace));
      return { sessions: shown.toSorted(lastUsedFirst), total };
    },
    /** @returns false if the session is another user's, has ended or never existed: the caller cannot tell which */
    async end({ userId }: SessionPrincipal, sessionId: string, by: Origin): Promise<boolean> {
      const session = await sessions.byId(sessionId);
      const now = clock();
      if (session?.userId !== userId || !isLive(session, now)) return false;
      const event = eventOf("session.ended", now, by, { ...aboutSession(session), reason: "owner" });
      const ended = await sessions.end(sessionId, [event]);
      await revocations.poll();
      return ended;
    },
    /** @returns the number of sessions that were live */
    async endAll(me: SessionPrincipal, keepCurrent: boolean, by: Origin): Promise<number> {
      const { userId, sessionId } = me;
      const now = clock();
      const keep = keepCurrent ? sessionId : undefined;
      const ending = await sessions.countLive(userId, now, keep);
      const reason = keepCurrent ? "owner_others" : "owner";
      // Sessions that seem to have expired are ended too: this clock may be wrong.
      const about = { subject: userId, reason, ...clientOf(me) } as const;
      await sessions.endAll(userId, eventOf("sessions.ended", now, by, about), { keep });
      await revocations.poll();
      return ending;
    },
  };
}

/** Sorts by the times that are shown: the exact order would reveal more. */
function lastUsedFirst(a: Session, b: Session): number {
  return b.lastUsedAt - a.lastUsedAt || b.createdAt - a.createdAt;
}

/** The finest unit in which the times of a session are shown, in milliseconds. */
const finest = 5 * 60_000;

/**
 * A session with rounded times, as people see it. Its last use is rounded down. Its end, which would reveal the last
 * use, is rounded up. A thief of an access token must not learn when the owner refreshes: a repeat within the grace
 * gets the successor. A shown use is never earlier than the start of the session.
 *
 * @param longestGrace in milliseconds; the shown times are twice as coarse
 */
export function shownSession(session: Session, longestGrace: number): Session {
  const unit = Math.max(finest, 2 * longestGrace);
  const { lastUsedAt, createdAt, expiresAt, endsAt } = session;
  return {
    ...session,
    lastUsedAt: Math.max(createdAt, Math.floor(lastUsedAt / unit) * unit),
    expiresAt: Math.min(endsAt, Math.ceil(expiresAt / unit) * unit),
  };
}
