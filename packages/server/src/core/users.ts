import type { NameKeys } from "./account-names.ts";
import type { AuditEvent } from "./audit-events.ts";

/** What the world may know of a user. */
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

/** A row of the users table. It never leaves the provider and the people: they copy it without its secrets. */
export interface LocalUser extends UserRecord {
  /** PHC string of the password. */
  readonly passwordHash: string;
  /** Raised by every change that must end what was begun before it: a new password, disabling, removal. */
  readonly revision: number;
}

/** A copy without the password hash and the revision. */
export function userOf({ id, username, email, displayName, active, roles }: User): User {
  return { id, username, email, displayName, active, roles };
}

/** The result of the one read of a sign-in. */
export interface SignInRead {
  /** Undefined for an unknown account. */
  readonly holder: LocalUser | undefined;
  /** The password hash of some user: a check without a usable hash costs as much as this one. */
  readonly decoy: string | undefined;
}

export interface NewUser {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly emailKey: string;
  readonly usernameKey: string;
  readonly displayName: string | null;
  readonly roles: readonly string[];
  readonly passwordHash: string;
}

/** Whether a new user could be added, and if not, why. */
export type AddOutcome = "added" | "username_taken" | "email_taken";

/** Users of Latchkey's own database. Every change is durable when its promise resolves. */
export interface Users {
  /**
   * @param key a canonical user name or e-mail address, see `account-names.ts`
   * @param older other keys under which an earlier version may have stored the e-mail address
   */
  byName(key: string, older?: NameKeys["older"]): Promise<LocalUser | undefined>;
  byId(id: string): Promise<LocalUser | undefined>;
  list(): Promise<LocalUser[]>;
  /** Whether there is none. */
  isEmpty(): Promise<boolean>;
  /**
   * Reads an account and a decoy in one statement, whether the account exists or not.
   *
   * @param key a canonical user name or e-mail address
   * @param older as for `byName`
   * @param seed chooses the decoy: the same one while the users stay the same
   */
  forSignIn({ key, older }: NameKeys, seed: string): Promise<SignInRead>;
  add(user: NewUser, event: AuditEvent): Promise<AddOutcome>;
  /** Adds the user only where there is none at all. Of several racing callers one gets `true`. */
  addFirst(user: NewUser, event: AuditEvent): Promise<boolean>;
  /** Replaces the password and ends every session of the user, in one step of a bounded size. */
  setPassword(id: string, passwordHash: string, event: AuditEvent): Promise<boolean>;
  /** Stores the same password hashed anew, unless it was changed meanwhile. */
  upgradeHash(user: LocalUser, passwordHash: string): Promise<boolean>;
  /** Lets a user in, or keeps them out and ends their sessions, in one step of a bounded size. */
  setActive(id: string, active: boolean, event: AuditEvent): Promise<boolean>;
  /** Removes the user and ends their sessions, in one step of a bounded size. */
  remove(id: string, event: AuditEvent): Promise<boolean>;
}
