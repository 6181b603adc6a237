import { nameKeys } from "../passwords/account-names.ts";
import type { Erasures } from "./erasures.ts";
import { PersonProblem } from "./person-problem.ts";
import type { Users } from "./users.ts";

/** The tables that know users and removed users. */
export interface FindUserParts {
  readonly users: Pick<Users, "byName" | "byId">;
  readonly erasures: Pick<Erasures, "wasGiven">;
}

/** A user, or a removed one. */
export interface FoundUser {
  readonly id: string;
  /** Undefined for a removed user: nothing of them is left but the id. */
  readonly username: string | undefined;
}

/**
 * Finds a user to export or to erase, by name or by id. A removed user has the id alone.
 *
 * @param word user name, e-mail address or id
 * @throws {PersonProblem} `not_found`; `conflict` if the name of one user is the id of another
 */
export async function findUser({ users, erasures }: FindUserParts, word: string): Promise<FoundUser> {
  const named = await users.byName(nameKeys(word));
  const withId = await users.byId(word);
  const found = named ?? withId;
  const wasRemoved = withId === undefined && (await erasures.wasGiven(word));
  // Users choose their names. An erasure cannot be undone, and an export must not be that of another user.
  if (named !== undefined && (wasRemoved || (withId !== undefined && withId.id !== named.id)))
    throw new PersonProblem(
      `${word} is the name of one user and the id of another: give the first one by the e-mail address, ` +
        "or rename it and take the second one by the id",
      "conflict",
    );
  if (found !== undefined) return { id: found.id, username: found.username };
  if (wasRemoved) return { id: word, username: undefined };
  throw new PersonProblem(`there is no user ${word}, and no removed user had this id`, "not_found");
}
