import { eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { Sessions } from "../stories/sessions.ts";
import type { Revocations } from "../tokens/revocations.ts";
import type { People } from "./people.ts";
import { PersonProblem } from "./person-problem.ts";
import type { UserRecord } from "./users.ts";

export interface AdministrationParts {
  readonly people: People;
  readonly sessions: Sessions;
  readonly revocations: Pick<Revocations, "poll">;
  readonly clock: Clock;
}

/** A user with the number of their live sessions. */
export interface UserWithSessions extends UserRecord {
  readonly liveSessions: number;
}

/** An administrator, as the origin of an event. */
export interface Administrator extends Origin {
  readonly actor: string;
}

export type Administration = ReturnType<typeof createAdministration>;

/**
 * User administration over the network. When a promise resolves, the sessions that it ended are refused. Every
 * function throws {PersonProblem} for an unknown user.
 */
export function createAdministration({ people, sessions, revocations, clock }: AdministrationParts) {
  /** @param name user name or e-mail address, in any spelling */
  async function find(name: string): Promise<UserWithSessions> {
    const user = await people.find(name);
    return { ...user, liveSessions: await sessions.countLive(user.id, clock()) };
  }

  return {
    find,
    /**
     * Keeps a user out and ends their sessions.
     *
     * @throws {PersonProblem} if administrators name themselves, or the last active one: one must remain to undo it
     */
    async disable(name: string, by: Administrator): Promise<UserWithSessions> {
      const { id, username } = await people.find(name);
      if (id === by.actor) throw new PersonProblem("you cannot disable yourself");
      await people.by(by).setActive(username, false);
      await revocations.poll();
      return find(username);
    },
    async enable(name: string, by: Administrator): Promise<UserWithSessions> {
      const { username } = await people.by(by).setActive(name, true);
      return find(username);
    },
    /** @returns the number of sessions that were live */
    async endSessions(name: string, by: Administrator): Promise<number> {
      const { id } = await people.find(name);
      const now = clock();
      const ending = await sessions.countLive(id, now);
      // Sessions that seem to have expired are ended too: this clock may be wrong.
      const event = eventOf("sessions.ended", now, by, { subject: id, reason: "administrator" });
      await sessions.endAll(id, event);
      await revocations.poll();
      return ending;
    },
  };
}
