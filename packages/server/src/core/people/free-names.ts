import { nameKeys } from "../passwords/account-names.ts";
import { notAdded } from "./person-problem.ts";
import type { Person } from "./person-rules.ts";
import type { Users } from "./users.ts";

/**
 * Checks that no other user has these names. The table compares one spelling of an address, and an earlier version may
 * have stored another one.
 *
 * @param id the user that may have them
 * @throws {PersonProblem} `username_taken`, `email_taken`
 */
export async function assertNamesFree(
  users: Pick<Users, "byName">,
  person: Person,
  id?: string,
): Promise<void> {
  for (const [name, outcome] of [
    [person.username, "username_taken"],
    [person.email, "email_taken"],
  ] as const) {
    const holder = await users.byName(nameKeys(name));
    if (holder !== undefined && holder.id !== id) throw notAdded(person, outcome);
  }
}
