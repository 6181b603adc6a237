import type { AuditEvent } from "../audit-events.ts";
import type { NameKeys } from "../passwords/account-names.ts";

/** A user, without secrets. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly displayName: string | null;
  readonly active: boolean;
  readonly roles: readonly string[];
}

/** A user of Latchkey's own database, as administrators see it. */
export interface UserRecord extends User {
  readonly createdAt: number;
}

/** A row of the users table. Only the password check and `People` read it: they pass on a copy without its secrets. */
export interface LocalUser extends UserRecord {
  /** PHC string of the password. */
  readonly passwordHash: string;
  /** Raised by a new password and by disabling: a sign-in that began before them must fail. */
  readonly revision: number;
}

/** A copy without the password hash and the revision. */
export function withoutSecrets({ id, username, email, displayName, active, roles }: User): User {
  return { id, username, email, displayName, active, roles };
}

/** The result of the one read of a sign-in. */
export interface SignInRead {
  /** Undefined for an unknown account. */
  readonly holder: LocalUser | undefined;
  /** The password hash of some user: a check without a usable hash costs as much as this one. */
  readonly decoy: string | undefined;
}

/** A user to add, with the keys that make its names unique. */
export interface NewUser extends Omit<LocalUser, "active" | "createdAt" | "revision"> {
  readonly usernameKey: string;
  readonly emailKey: string;
}

/** The outcome of adding a user. */
export type AddOutcome = "added" | "username_taken" | "email_taken";

/** The role of administrators. */
export const administratorRole = "admin";

/**
 * Whether a change is made if the user is the last active administrator. `refuse` leaves the user as they are. Of
 * concurrent changes that name the last administrators, at least one is refused.
 */
export type LastAdministrator = "refuse" | "go on";

/** A part of the list of users. */
export interface UserPage {
  /** Users behind this key of a user name alone. The user need not exist. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** The users table. Every change is durable when its promise resolves. */
export interface Users {
  /** @param name the keys of a user name or e-mail address */
  byName(name: NameKeys): Promise<LocalUser | undefined>;
  byId(id: string): Promise<LocalUser | undefined>;
  /** Users by the key of their user name. @param page Default: all of them */
  list(page?: UserPage): Promise<LocalUser[]>;
  /** Whether the table is empty. */
  isEmpty(): Promise<boolean>;
  /**
   * Reads an account and a decoy in one statement, whether the account exists or not.
   *
   * @param name the keys of a user name or e-mail address
   * @param seed chooses the decoy: the same one as long as the users stay the same
   */
  forSignIn(name: NameKeys, seed: string): Promise<SignInRead>;
  add(user: NewUser, event: AuditEvent): Promise<AddOutcome>;
  /** Adds the user to an empty table. Of several racing callers one gets `true`. */
  addFirst(user: NewUser, event: AuditEvent): Promise<boolean>;
  /** Replaces the password and ends every session of the user, in one step of a bounded size. */
  setPassword(id: string, passwordHash: string, event: AuditEvent): Promise<boolean>;
  /** Stores a new hash of the same password, unless the password was changed meanwhile. */
  upgradeHash(user: LocalUser, passwordHash: string): Promise<boolean>;
  /**
   * Enables a user, or disables them and ends their sessions, in one step of a bounded size.
   *
   * @param last Default: `go on`
   * @returns false if the user is unknown, or is the last administrator and the change is refused
   */
  setActive(id: string, active: boolean, event: AuditEvent, last?: LastAdministrator): Promise<boolean>;
  /**
   * Removes the user and ends their sessions, in one step of a bounded size.
   *
   * @param last Default: `go on`
   * @returns false if the user is unknown, or is the last administrator and the removal is refused
   */
  remove(id: string, event: AuditEvent, last?: LastAdministrator): Promise<boolean>;
}
