import { eventOf, type Origin } from "./audit-events.ts";
import type { Clock } from "./clock.ts";
import type { SessionPrincipal } from "./current-user.ts";
import type { Revocations } from "./revocations.ts";
import type { Session, Sessions } from "./sessions.ts";

export interface OwnSessionsParts {
  readonly sessions: Sessions;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
  /** The longest grace of a repeated refresh token, in milliseconds. */
  readonly longestGrace: number;
}

export interface LiveSessions {
  /** Those that were used last first. */
  readonly sessions: readonly Session[];
  readonly total: number;
}

/** As many are shown: whoever signs in with every run of a program has any number of them. */
const mostShown = 100;

/** What users see of their sessions, and do with them. What has ended is refused when the promise resolves. */
export interface OwnSessions {
  /** Those that live: how many, and the hundred that were used last. */
  list(me: SessionPrincipal): Promise<LiveSessions>;
  /** @returns false where it is not theirs, has ended, or never was: whoever asks cannot tell which */
  end(me: SessionPrincipal, sessionId: string, by: Origin): Promise<boolean>;
  /** @returns how many lived */
  endAll(me: SessionPrincipal, keepCurrent: boolean, by: Origin): Promise<number>;
}

/** Sessions in the hands of those whose they are. */
export function createOwnSessions(parts: OwnSessionsParts): OwnSessions {
  const { sessions, revocations, clock, longestGrace } = parts;
  return {
    async list({ userId }) {
      const now = clock();
      const total = await sessions.countLive(userId, now);
      const live = await sessions.liveOf(userId, now, mostShown);
      const shown = live.map((session) => shownSession(session, longestGrace));
      return { sessions: shown.toSorted(lastUsedFirst), total };
    },
    async end({ userId }, sessionId, by) {
      const session = await sessions.byId(sessionId);
      const now = clock();
      if (session?.userId !== userId || session.endedAt !== null || session.expiresAt <= now) return false;
      const event = eventOf("session.ended", now, by, { subject: userId, sessionId, reason: "owner" });
      const ended = await sessions.end(sessionId, [event]);
      await revocations.poll();
      return ended;
    },
    async endAll({ userId, sessionId }, keepCurrent, by) {
      const now = clock();
      const keep = keepCurrent ? sessionId : undefined;
      const ending = await sessions.countLive(userId, now, keep);
      const reason = keepCurrent ? "owner_others" : "owner";
      // Also those that seem to be past their time: this clock may be wrong.
      await sessions.endAll(userId, eventOf("sessions.ended", now, by, { subject: userId, reason }), keep);
      await revocations.poll();
      return ending;
    },
  };
}

/** By the times that are shown: the exact order would tell more than they do. */
function lastUsedFirst(a: Session, b: Session): number {
  return b.lastUsedAt - a.lastUsedAt || b.createdAt - a.createdAt;
}

/** The times of a session are shown no finer than this, in milliseconds. */
const finest = 5 * 60_000;

/**
 * A session as people see it. The moment of its last use is rounded down, and its end, from which that moment could be
 * reckoned, is rounded up: a thief of an access token must not learn when the owner refreshes, because a repeat within
 * the grace gets the successor. No shown use lies before the session was opened.
 *
 * @param longestGrace milliseconds; what is shown is twice as coarse
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
