import { randomInt } from "node:crypto";
import type { AuditEvent } from "../audit-events.ts";
import type { AddOutcome, Alongside, NewUser, Users } from "./users.ts";

/** The id of the first user with this name, whatever other names the user gets later. */
export function firstId(usernameKey: string): string {
  return `user:${usernameKey}`;
}

const letters = "abcdefghijklmnopqrstuvwxyz234567";

/** The id of a further user with this name: 40 random bits tell it from the ids of earlier ones. */
export function furtherId(usernameKey: string): string {
  const suffix = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join("");
  return `${firstId(usernameKey)}~${suffix}`;
}

/** Ids to try. Two random ids in a row that are taken already mean that something else is wrong. */
const mostTries = 3;

/**
 * Adds a user with an id that no user has or had: of the name, if it is free.
 *
 * @param eventOf the event of the user with this id
 */
export async function addWithFreeId(
  users: Pick<Users, "add">,
  user: Omit<NewUser, "id">,
  eventOf: (id: string) => AuditEvent,
  alongside?: Alongside,
): Promise<{ readonly id: string; readonly outcome: AddOutcome }> {
  let id = firstId(user.usernameKey);
  for (let tries = 1; ; tries++) {
    const outcome = await users.add({ ...user, id }, eventOf(id), alongside);
    if (outcome !== "id_taken" || tries === mostTries) return { id, outcome };
    id = furtherId(user.usernameKey);
  }
}
