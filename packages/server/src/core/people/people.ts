import { randomBytes } from "node:crypto";
import { type AuditEvent, type AuditEventName, eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { canonicalName, emailProblem, nameKeys, usernameProblem } from "../passwords/account-names.ts";
import type { Passwords } from "../passwords/passwords.ts";
import { assertGoodPassword, type PasswordContext, type PasswordRules } from "../passwords/policy.ts";
import { mostUserBytes, userBytes } from "../tokens/token-size.ts";
import { LastAdministratorProblem, notAdded, PersonProblem, unknownUser } from "./person-problem.ts";
import { addWithFreeId, firstId, furtherId } from "./user-ids.ts";
import {
  administratorRole,
  type LastAdministrator,
  type LocalUser,
  type NewUser,
  recordOf,
  type User,
  type UserPage,
  type UserRecord,
  type Users,
  withoutSecrets,
} from "./users.ts";

export type Person = Pick<User, "username" | "email" | "displayName" | "roles">;

/** The first user of a new database. */
export const firstAdministrator: Person = {
  username: "admin",
  email: "admin@localhost",
  displayName: "Administrator",
  roles: [administratorRole],
};

export interface PeopleParts {
  readonly users: Users;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
  readonly clock: Clock;
  /** The origin of the audit events. */
  readonly by: Origin;
}

/**
 * User administration. A change that must end sessions ends them in the same step. Every method throws
 * {PersonProblem} if the user or the name is refused, and {WeakPassword} if the password is.
 */
export class People {
  readonly #parts: PeopleParts;
  readonly #users: Users;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
    this.#users = parts.users;
  }

  /** The same people, with another origin of the audit events. */
  by(by: Origin): People {
    return new People({ ...this.#parts, by });
  }

  /**
   * Users in the order of their names.
   *
   * @param page `after` is a user name in any spelling, of a user that may be gone. Default: all users
   */
  async list(page?: UserPage): Promise<UserRecord[]> {
    const after = page?.after === undefined ? undefined : canonicalName(page.after);
    const users = await this.#users.list(page && { ...page, after });
    return users.map(recordOf);
  }

  /** @param name user name or e-mail address, in any spelling */
  async find(name: string): Promise<UserRecord> {
    const user = await this.#byName(name);
    if (user === undefined) throw unknownUser(name);
    return recordOf(user);
  }

  /** Checks whether a user can be added, before the operator is asked for a password. */
  async assertFree(person: Person): Promise<void> {
    assertFits(person);
    if (await this.#byName(person.username)) throw notAdded(person, "username_taken");
    if (await this.#byName(person.email)) throw notAdded(person, "email_taken");
  }

  async add(person: Person, password: string): Promise<User> {
    await this.#assertGood(password, person);
    // The table compares one spelling of an address. An earlier version may have stored another one.
    await this.assertFree(person);
    const user = await this.#prepare(person, password);
    const { id, outcome } = await addWithFreeId(this.#users, user, (id) => this.#event("user.added", id));
    if (outcome !== "added") throw notAdded(person, outcome);
    return withoutSecrets({ ...user, id, active: true });
  }

  /**
   * Adds the first administrator to an empty table.
   *
   * @param given the password; without it one is generated
   * @returns the generated password, if this call added the user with one
   */
  async addFirstAdministrator(given: string | undefined): Promise<string | undefined> {
    if (!(await this.#users.isEmpty())) return undefined;
    const person = firstAdministrator;
    if (given !== undefined) await this.#assertGood(given, person);
    const password = given ?? randomBytes(15).toString("base64url");
    const user = await this.#prepare(person, password);
    // The id of an earlier administrator, who was removed, is never given again.
    const ids = [user.id, furtherId(user.usernameKey)];
    for (const id of ids) {
      const added = await this.#users.addFirst({ ...user, id }, this.#event("user.added", id));
      if (added) return given === undefined ? password : undefined;
    }
    return undefined;
  }

  /** Adds a user without checking the password, for demonstrations. */
  async addForDemo(person: Person, password: string): Promise<void> {
    const user = await this.#prepare(person, password);
    await this.#users.add(user, this.#event("user.added", user.id));
  }

  async setPassword(name: string, password: string): Promise<UserRecord> {
    const user = await this.find(name);
    await this.#assertGood(password, user);
    const hash = await this.#hash(password, user.id);
    const event = this.#event("user.password_changed", user.id);
    if (!(await this.#users.setPassword(user.id, hash, event))) throw removedMeanwhile(user);
    return user;
  }

  /** @throws {LastAdministratorProblem} if the last active administrator is disabled, unless `last` is `go on` */
  async setActive(name: string, active: boolean, last: LastAdministrator = "refuse"): Promise<UserRecord> {
    const user = await this.find(name);
    const event = this.#event(active ? "user.enabled" : "user.disabled", user.id);
    const changed = await this.#users.setActive(user.id, active, event, { last });
    if (!changed) throw await this.#refusalOf(user);
    return user;
  }

  /** @throws {LastAdministratorProblem} if the last active administrator is removed, unless `last` is `go on` */
  async remove(name: string, last: LastAdministrator = "refuse"): Promise<UserRecord> {
    const user = await this.find(name);
    const removed = await this.#users.remove(user.id, this.#event("user.removed", user.id), { last });
    if (!removed) throw await this.#refusalOf(user);
    return user;
  }

  /** The reason for a change that was not made. */
  async #refusalOf(user: UserRecord): Promise<PersonProblem> {
    const isThere = (await this.#users.byId(user.id)) !== undefined;
    return isThere ? new LastAdministratorProblem(user) : removedMeanwhile(user);
  }

  #byName(name: string): Promise<LocalUser | undefined> {
    return this.#users.byName(nameKeys(name));
  }

  async #prepare(person: Person, password: string): Promise<NewUser> {
    const names = namesToAdd(person);
    const id = firstId(names.usernameKey);
    return { ...names, id, passwordHash: await this.#hash(password, id) };
  }

  #hash(password: string, account: string): Promise<string> {
    return this.#parts.passwords.hash(password, { address: this.#parts.by.address, account });
  }

  #assertGood(password: string, person: Person): Promise<void> {
    return assertGoodPassword(password, passwordContext(person), this.#parts.passwordRules);
  }

  #event(name: AuditEventName & `user.${string}`, subject: string): AuditEvent {
    return eventOf(name, this.#parts.clock(), this.#parts.by, { subject });
  }
}

/** The names of a user that their password must not consist of. */
export function passwordContext(person: Pick<Person, "username" | "email" | "displayName">): PasswordContext {
  return { names: [person.username, person.email], words: [person.displayName] };
}

function removedMeanwhile({ username }: User): PersonProblem {
  return new PersonProblem(`${username} was removed meanwhile`, "not_found");
}

/**
 * The columns of a new user, with their keys.
 *
 * @throws {PersonProblem} if a name or a role is refused
 */
export function namesToAdd(person: Person): Omit<NewUser, "id" | "passwordHash"> {
  assertFits(person);
  return {
    username: person.username.normalize("NFKC").trim(),
    usernameKey: canonicalName(person.username),
    email: person.email.normalize("NFKC").trim(),
    emailKey: canonicalName(person.email),
    displayName: person.displayName,
    roles: person.roles,
  };
}

/** @throws {PersonProblem} if a name or a role is refused */
export function assertFits(person: Person): void {
  const problem =
    usernameProblem(person.username) ??
    emailProblem(person.email) ??
    displayNameProblem(person.displayName) ??
    rolesProblem(person.roles) ??
    sizeProblem(person);
  if (problem !== undefined) throw new PersonProblem(problem);
}

/** Names and roles stand in every token, and a token must fit into a header. */
function sizeProblem(person: Person): string | undefined {
  const bytes = userBytes({ ...person, id: firstId(canonicalName(person.username)) });
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
