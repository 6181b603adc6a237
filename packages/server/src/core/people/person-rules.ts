import { canonicalName, emailProblem, usernameProblem } from "../passwords/account-names.ts";
import type { PasswordContext } from "../passwords/policy.ts";
import { mostUserBytes, userBytes } from "../tokens/token-size.ts";
import { type PersonField, PersonProblem } from "./person-problem.ts";
import { spelledPerson } from "./person-spelling.ts";
import { firstId } from "./user-ids.ts";
import type { NewUser, User } from "./users.ts";

/** The names and roles of a user. */
export type Person = Pick<User, "username" | "email" | "displayName" | "roles">;

/** The names of a user that their password must not consist of. */
export function passwordContext(person: Pick<Person, "username" | "email" | "displayName">): PasswordContext {
  return { names: [person.username, person.email], words: [person.displayName] };
}

/**
 * The columns of a new user, with their keys.
 *
 * @throws {PersonProblem} if a name or a role is refused
 */
export function namesToAdd(typed: Person): Omit<NewUser, "id" | "passwordHash"> {
  const person = spelledPerson(typed);
  assertFits(person);
  const { username, email, displayName, roles } = person;
  const keys = { usernameKey: canonicalName(username), emailKey: canonicalName(email) };
  return { username, email, displayName, roles, ...keys };
}

/**
 * @param id of a user that has one
 * @throws {PersonProblem} if a name or a role is refused
 */
export function assertFits(person: Person, id?: string): void {
  assertField("username", usernameProblem(person.username));
  assertField("email", emailProblem(person.email));
  assertField("display_name", displayNameProblem(person.displayName));
  assertField("roles", rolesProblem(person.roles));
  assertField(undefined, sizeProblem(person, id ?? firstId(canonicalName(person.username))));
}

function assertField(field: PersonField | undefined, problem: string | undefined): void {
  if (problem !== undefined) throw new PersonProblem(problem, "validation_error", field);
}

/** Names and roles stand in every token, and a token must fit into a header. */
function sizeProblem(person: Person, id: string): string | undefined {
  const bytes = userBytes({ ...person, id });
  if (bytes <= mostUserBytes) return undefined;
  return `names and roles take ${bytes} bytes of a token, and ${mostUserBytes} fit: use fewer or shorter roles`;
}

function displayNameProblem(name: string | null): string | undefined {
  if (name === null || (name.length <= 256 && !/\p{C}/u.test(name))) return undefined;
  return "a display name has at most 256 characters, and none of them may be invisible";
}

/** Why roles are refused. Undefined if they are accepted. */
export function rolesProblem(roles: readonly string[]): string | undefined {
  if (roles.length > 50) return "at most 50 roles fit into a token";
  const bad = roles.find(
    (role) =>
      !/^[\p{L}\p{N}][\p{L}\p{N}_.:-]{0,63}$/u.test(role) || /\p{Default_Ignorable_Code_Point}/u.test(role),
  );
  return bad === undefined
    ? undefined
    : `a role has up to 64 letters, digits and _ . : -, and "${bad}" breaks this rule`;
}
