import type { Caller } from "../audit-events.ts";
import { LatchkeyError } from "../errors.ts";
import type { SessionPrincipal } from "../stories/current-user.ts";
import type { Authenticate, Authenticated } from "../stories/sign-in.ts";
import type { LocalUser, Users } from "./users.ts";

/** A user with the right current password. The attempt is under way until the disposal. */
export interface Confirmed extends AsyncDisposable {
  readonly user: LocalUser;
  /** The revision that the password was checked with. */
  readonly revision: number;
}

/**
 * The account of a token.
 *
 * @throws {LatchkeyError} `token_revoked` if it is gone or disabled
 */
export async function ownUser(
  users: Pick<Users, "byId">,
  { userId }: Pick<SessionPrincipal, "userId">,
): Promise<LocalUser> {
  const user = await users.byId(userId);
  if (!user?.active) throw new LatchkeyError("token_revoked", { reason: "user is gone or disabled" });
  return user;
}

/**
 * Checks the current password of a signed-in user, like a login: with its queue, its limits and its events.
 *
 * @param authenticate refuses with `wrong_password`: a 401 would make a client throw its good token away
 */
export function createPasswordConfirmation(users: Pick<Users, "byId">, authenticate: Authenticate) {
  return async function confirm(
    me: SessionPrincipal,
    currentPassword: string,
    caller: Caller,
  ): Promise<Confirmed> {
    const user = await ownUser(users, me);
    const person = await authenticate({ username: user.username, password: currentPassword }, caller);
    return confirmed(person, user);
  };
}

/** The name was given to another user between the two reads if the ids differ. */
async function confirmed(person: Authenticated, user: LocalUser): Promise<Confirmed> {
  if (person.user.id === user.id) {
    return { user, revision: person.revision, [Symbol.asyncDispose]: () => person[Symbol.asyncDispose]() };
  }
  await person[Symbol.asyncDispose]();
  throw new LatchkeyError("conflict", { reason: "the user was renamed meanwhile" });
}
