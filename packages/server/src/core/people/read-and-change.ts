import { changedMeanwhile, LastAdministratorProblem, PersonProblem, unknownUser } from "./person-problem.ts";
import { assertMayChange } from "./powers.ts";
import type { ChangeOptions } from "./user-changes.ts";
import type { ChangeTerms, LocalUser, Users } from "./users.ts";

/** Readings of a user that other changes overtake, at most. */
const mostTries = 5;

/** A user whom a caller may change. */
export interface ReadAndChange {
  /** @throws {PersonProblem} `not_found` */
  userOf(id: string): Promise<LocalUser>;
  /**
   * Reads a user, checks the caller's powers over them, and tries a change of the version that was read.
   *
   * @param pin whether the change needs that version in any case
   * @param attempt false if the user has another version, is gone, or is the last administrator
   */
  readAndChange<Result>(
    id: string,
    options: ChangeOptions,
    pin: "pinned" | "if needed",
    attempt: (user: LocalUser, terms: ChangeTerms) => Promise<Result | false>,
  ): Promise<Result>;
}

/** The way of every change of a user: read, compare powers and version, change, and read again if another came first. */
export function createReadAndChange(users: Pick<Users, "byId">): ReadAndChange {
  async function userOf(id: string): Promise<LocalUser> {
    const user = await users.byId(id);
    if (user === undefined) throw unknownUser(id);
    return user;
  }

  return {
    userOf,
    async readAndChange(id, options, pin, attempt) {
      const { held, expectedVersion, last = "refuse" } = options;
      // Otherwise a caller without `roles:write` could change a user that becomes an administrator meanwhile.
      const isPinned =
        pin === "pinned" || expectedVersion !== undefined || held?.has("roles:write") === false;
      for (let tries = 1; tries <= mostTries; tries++) {
        const user = await userOf(id);
        if (expectedVersion !== undefined && user.version !== expectedVersion) throw changedMeanwhile(user);
        if (held !== undefined) assertMayChange(held, user.roles);
        const result = await attempt(user, { version: isPinned ? user.version : undefined, last });
        if (result !== false) return result;
        const now = await userOf(id);
        if (now.version === user.version || !isPinned) throw new LastAdministratorProblem(user);
      }
      throw new PersonProblem(`${id} changes all the time: try again`, "conflict");
    },
  };
}
