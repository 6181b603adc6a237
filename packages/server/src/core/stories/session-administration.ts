import { eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { assertMayChange, type Power } from "../people/powers.ts";
import { UnknownSubject } from "../refused-change.ts";
import type { Revocations } from "../tokens/revocations.ts";
import type { UserById } from "./current-user.ts";
import { shownSession } from "./own-sessions.ts";
import { aboutSession, isLive } from "./session-life.ts";
import type { Session, Sessions } from "./sessions.ts";

/** The parts of the story. */
export interface SessionAdministrationParts {
  readonly sessions: Sessions;
  readonly users: UserById;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
  /** The longest grace of a repeated refresh token, in milliseconds. */
  readonly longestGrace: number;
}

/** Which live sessions are listed. */
export interface SessionQuery {
  /** Sessions of this user alone. */
  readonly userId?: string | undefined;
  /** Sessions of this OAuth client alone. */
  readonly clientId?: string | undefined;
  /** The position behind which the page begins. */
  readonly after?: Pick<Session, "id" | "userId" | "createdAt"> | undefined;
  readonly limit: number;
}

/** The administration of sessions. */
export type SessionAdministration = ReturnType<typeof createSessionAdministration>;

/** Live sessions of every user, with rounded times: see `shownSession`. */
export function createSessionAdministration(parts: SessionAdministrationParts) {
  const { sessions, users, revocations, clock, longestGrace } = parts;

  async function find(id: string): Promise<Session> {
    const session = await sessions.byId(id);
    if (session === undefined || !isLive(session, clock()))
      throw new UnknownSubject(`there is no session ${id}, or it has ended`);
    return shownSession(session, longestGrace);
  }

  return {
    find,
    /** @throws {UnknownSubject} for an unknown user */
    async assertUser(userId: string): Promise<void> {
      if ((await users.byId(userId)) === undefined) throw new UnknownSubject(`there is no user ${userId}`);
    },
    async list({ userId, clientId, after, limit }: SessionQuery): Promise<Session[]> {
      const live = await sessions.live(clock(), userId, { after, limit, clientId });
      return live.map((session) => shownSession(session, longestGrace));
    },
    /**
     * Ends a session. When the promise resolves, its tokens are refused.
     *
     * @param held the powers of the caller
     * @throws {LatchkeyError} `protected_account` for a session of an administrator, without the power over roles
     */
    async end(id: string, held: ReadonlySet<Power>, by: Origin): Promise<void> {
      const session = await find(id);
      const owner = await users.byId(session.userId);
      assertMayChange(held, owner?.roles ?? []);
      const about = { ...aboutSession(session), reason: "administrator" } as const;
      const ended = await sessions.end(id, [eventOf("session.ended", clock(), by, about)]);
      await revocations.poll();
      if (!ended) throw new UnknownSubject(`there is no session ${id}, or it has ended`);
    },
  };
}
