import { eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import type { Revocations } from "../tokens/revocations.ts";
import { type People, PersonProblem } from "./people.ts";
import type { Sessions } from "./sessions.ts";
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

/**
 * User administration over the network. When a promise resolves, the sessions that it ended are refused. Every
 * function throws {PersonProblem} for an unknown user.
 */
export interface Administration {
  /** @param name user name or e-mail address, in any spelling */
  find(name: string): Promise<UserWithSessions>;
  /**
   * Keeps a user out and ends their sessions.
   *
   * @throws {PersonProblem} if administrators name themselves: one of them must remain to undo it
   */
  disable(name: string, by: Administrator): Promise<UserWithSessions>;
  enable(name: string, by: Administrator): Promise<UserWithSessions>;
  /** @returns the number of sessions that were live */
  endSessions(name: string, by: Administrator): Promise<number>;
}

/** Creates the administration. */
export function createAdministration(parts: AdministrationParts): Administration {
  const { people, sessions, revocations, clock } = parts;

  async function record(name: string): Promise<UserWithSessions> {
    const user = await people.find(name);
    return { ...user, liveSessions: await sessions.countLive(user.id, clock()) };
  }

  return {
    find: record,
    async disable(name, by) {
      const { id, username } = await people.find(name);
      if (id === by.actor) throw new PersonProblem("you cannot disable yourself");
      await people.by(by).setActive(username, false);
      await revocations.poll();
      return record(username);
    },
    async enable(name, by) {
      const { username } = await people.by(by).setActive(name, true);
      return record(username);
    },
    async endSessions(name, by) {
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
