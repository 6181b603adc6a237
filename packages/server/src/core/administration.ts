import { eventOf, type Origin } from "./audit-events.ts";
import type { Clock } from "./clock.ts";
import { type People, PersonProblem } from "./people.ts";
import type { Revocations } from "./revocations.ts";
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

/** An administrator who acts from somewhere. */
export interface Administrator extends Origin {
  readonly actor: string;
}

/**
 * What administrators do with users without being at the server's machine. What has ended is refused when the
 * promise resolves. All throw {PersonProblem} where there is no such user.
 */
export interface Administration {
  /** @param name user name or e-mail address, in any spelling */
  find(name: string): Promise<UserWithSessions>;
  /**
   * Keeps a user out and ends their sessions.
   *
   * @throws {PersonProblem} where administrators name themselves: so there is always one left who can undo it
   */
  disable(name: string, by: Administrator): Promise<UserWithSessions>;
  enable(name: string, by: Administrator): Promise<UserWithSessions>;
  /** @returns how many lived */
  endSessions(name: string, by: Administrator): Promise<number>;
}

/** Users in the hands of administrators. */
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
      // Also those that seem to be past their time: this clock may be wrong.
      const event = eventOf("sessions.ended", now, by, { subject: id, reason: "administrator" });
      await sessions.endAll(id, event);
      await revocations.poll();
      return ending;
    },
  };
}
