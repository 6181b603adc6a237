import { randomBytes } from "node:crypto";
import { type AuditEvent, type AuditEventName, eventOf, type Origin } from "../audit-events.ts";
import type { Clock } from "../clock.ts";
import { canonicalName } from "../passwords/account-names.ts";
import type { Passwords } from "../passwords/passwords.ts";
import { assertGoodPassword, type PasswordRules } from "../passwords/policy.ts";
import { assertNamesFree } from "./free-names.ts";
import { assertFits, namesToAdd, type Person, passwordContext } from "./person-rules.ts";
import type { UserChanges } from "./user-changes.ts";
import { firstId, furtherId } from "./user-ids.ts";
import {
  administratorRole,
  type LastAdministrator,
  type NewUser,
  recordOf,
  type UserPage,
  type UserRecord,
  type Users,
} from "./users.ts";

/** The first user of a new database. */
export const firstAdministrator: Person = {
  username: "admin",
  email: "admin@localhost",
  displayName: "Administrator",
  roles: [administratorRole],
};

/** The parts of the administration by name. */
export interface PeopleParts {
  readonly users: Users;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
  readonly changes: UserChanges;
  readonly clock: Clock;
  /** The origin of the audit events. */
  readonly by: Origin;
}

/**
 * User administration by name, for commands and the start of a server. Every method throws
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
  find(name: string): Promise<UserRecord> {
    return this.#parts.changes.byName(name);
  }

  /** Checks whether a user can be added, before the operator is asked for a password. */
  async assertFree(person: Person): Promise<void> {
    assertFits(person);
    await assertNamesFree(this.#users, person);
  }

  add(person: Person, password: string): Promise<UserRecord> {
    return this.#parts.changes.add({ ...person, password }, this.#parts);
  }

  async setPassword(name: string, password: string): Promise<UserRecord> {
    const { id } = await this.find(name);
    return this.#parts.changes.setPassword(id, password, this.#parts);
  }

  /** @throws {LastAdministratorProblem} if the last active administrator is disabled, unless `last` is `go on` */
  async setActive(name: string, active: boolean, last: LastAdministrator = "refuse"): Promise<UserRecord> {
    const { id } = await this.find(name);
    return this.#parts.changes.setActive(id, active, { by: this.#parts.by, last });
  }

  /** @throws {LastAdministratorProblem} if the last active administrator is removed, unless `last` is `go on` */
  async remove(name: string, last: LastAdministrator = "refuse"): Promise<UserRecord> {
    const user = await this.find(name);
    await this.#parts.changes.remove(user.id, { by: this.#parts.by, last });
    return user;
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
    // A generated password needs no measure: the first start loads no dictionaries for it.
    if (given !== undefined)
      await assertGoodPassword(given, passwordContext(person), this.#parts.passwordRules, {
        address: this.#parts.by.address,
        account: person.username,
      });
    const password = given ?? randomBytes(15).toString("base64url");
    // A generated password stands in the log of the start.
    const user = { ...(await this.#prepare(person, password)), mustChangePassword: given === undefined };
    // The id of a removed administrator is never given again.
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

  async #prepare(person: Person, password: string): Promise<NewUser> {
    const names = namesToAdd(person);
    const id = firstId(names.usernameKey);
    return { ...names, id, passwordHash: await this.#hash(password, id) };
  }

  #hash(password: string, account: string): Promise<string> {
    return this.#parts.passwords.hash(password, { address: this.#parts.by.address, account });
  }

  #event(name: AuditEventName & `user.${string}`, subject: string): AuditEvent {
    return eventOf(name, this.#parts.clock(), this.#parts.by, { subject });
  }
}
