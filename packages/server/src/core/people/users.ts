import type { AuditEvent } from "../audit-events.ts";
import type { NewMail } from "../mail/outbox.ts";
import type { NameKeys } from "../passwords/account-names.ts";
import type { InviterAsRead } from "./links.ts";

/** A user, without secrets. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly displayName: string | null;
  readonly active: boolean;
  readonly roles: readonly string[];
  /** Whether the sign-in page asks for a new password before it goes on. A person of a realm has no such mark. */
  readonly mustChangePassword?: boolean | undefined;
}

/** A user of Latchkey's own database, as administrators see it. All times are milliseconds since the epoch. */
export interface UserRecord extends User {
  readonly createdAt: number;
  /** Raised by every change that an administrator sees. A login leaves it as it is. */
  readonly version: number;
  /** Whether the sign-in page asks for a new password before it goes on. */
  readonly mustChangePassword: boolean;
  /** Null if the password is the first one, or was set by a version before this field. */
  readonly passwordChangedAt: number | null;
  /** The opening of the latest session. Null before the first one, and for logins before this field existed. */
  readonly lastLoginAt: number | null;
  /** Null if nobody has confirmed the address. */
  readonly emailVerifiedAt: number | null;
}

/** A row of the users table. Only the password check and `People` read it: they pass on a copy without its secrets. */
export interface LocalUser extends UserRecord {
  /** PHC string of the password. */
  readonly passwordHash: string;
  /** Raised by a new password and by disabling: a sign-in that began before them must fail. */
  readonly revision: number;
}

/** A copy without the password hash and the revision. */
export function withoutSecrets(user: User): User {
  const { id, username, email, displayName, active, roles, mustChangePassword } = user;
  const mark = mustChangePassword === true ? { mustChangePassword } : {};
  return { id, username, email, displayName, active, roles, ...mark };
}

/** A copy without secrets, for administrators. */
export function recordOf({ passwordHash: _, revision: __, ...record }: LocalUser): UserRecord {
  return record;
}

/** The result of the one read of a sign-in. */
export interface SignInRead {
  /** Undefined for an unknown account. */
  readonly holder: LocalUser | undefined;
  /** The password hash of some user: a check without a usable hash costs as much as this one. */
  readonly decoy: string | undefined;
}

/** A user to add, with the keys that make its names unique. */
export interface NewUser
  extends Pick<LocalUser, "id" | "username" | "email" | "displayName" | "roles" | "passwordHash"> {
  readonly usernameKey: string;
  readonly emailKey: string;
  /** Default: false. */
  readonly mustChangePassword?: boolean | undefined;
  /** Default: null. */
  readonly emailVerifiedAt?: number | null | undefined;
}

/**
 * The outcome of adding a user. `id_taken`: another user has the id, or a removed one had it. `outdated`: the link of
 * the terms is used or expired, or its inviter has changed.
 */
export type AddOutcome = "added" | "username_taken" | "email_taken" | "id_taken" | "outdated";

/** A user with changed names, roles or marks. A key that is left out stays as it is. */
export interface ChangedUser
  extends Pick<
    UserRecord,
    "id" | "username" | "email" | "displayName" | "roles" | "mustChangePassword" | "emailVerifiedAt"
  > {
  readonly usernameKey?: string | undefined;
  readonly emailKey?: string | undefined;
}

/** The outcome of such a change. `outdated`: the user is gone, or the terms are not met. */
export type ChangeOutcome = "changed" | "username_taken" | "email_taken" | "outdated";

/** The role of administrators. */
export const administratorRole = "admin";

/**
 * Whether a change is made if the user is the last active administrator. `refuse` leaves the user as they are. Of
 * concurrent changes that name the last administrators, at least one is refused.
 */
export type LastAdministrator = "refuse" | "go on";

/** Further effects of a change, in the same step. */
export interface Alongside {
  /** The id of a link that the change uses up. If it is used or expired, nothing is changed. */
  readonly link?: string | undefined;
  /** The inviter of that link. If it has changed since, or is missing here, nothing is changed. */
  readonly inviter?: InviterAsRead | undefined;
  /** Mails for the outbox. */
  readonly mails?: readonly NewMail[] | undefined;
}

/** The terms of a change. They are compared in the step that makes the change. If one fails, nothing is changed. */
export interface ChangeTerms extends Alongside {
  /** The version that the user must have. Default: any. */
  readonly version?: number | undefined;
  /** The revision that the user must have, such as that of a link. Default: any. */
  readonly revision?: number | undefined;
  /** Default: `go on`. */
  readonly last?: LastAdministrator | undefined;
  /** Whether the links of the user are deleted: they went to an address that is not theirs any more. Default: false. */
  readonly outdateLinks?: boolean | undefined;
}

/** The terms of a removal. */
export interface RemovalTerms extends ChangeTerms {
  /** The pseudonym that replaces the id in the audit trail. Default: the id stays there. */
  readonly pseudonym?: string | undefined;
}

/** The terms of a new password. */
export interface PasswordTerms extends ChangeTerms {
  /** Whether the sign-in page asks for another one. Default: false. */
  readonly mustChange?: boolean | undefined;
  /** The time at which the password's mail proved the address. Default: the address stays as it is. */
  readonly emailVerifiedAt?: number | undefined;
  /** The id of the session that goes on. Default: every session ends. */
  readonly keepSession?: string | undefined;
  /** Whether every session goes on. Default: false. */
  readonly keepSessions?: boolean | undefined;
}

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
  add(user: NewUser, event: AuditEvent, alongside?: Alongside): Promise<AddOutcome>;
  /** Adds the user to an empty table. Of several racing callers one gets `true`. */
  addFirst(user: NewUser, event: AuditEvent): Promise<boolean>;
  /** Replaces names, roles and marks. Sessions go on. */
  change(user: ChangedUser, events: readonly AuditEvent[], terms?: ChangeTerms): Promise<ChangeOutcome>;
  /**
   * Replaces the password and ends the sessions of the user, in one step of a bounded size.
   *
   * @returns false if the user is unknown, or the terms are not met
   */
  setPassword(id: string, passwordHash: string, event: AuditEvent, terms?: PasswordTerms): Promise<boolean>;
  /** Stores a new hash of the same password, unless the password was changed meanwhile. */
  upgradeHash(user: LocalUser, passwordHash: string): Promise<boolean>;
  /**
   * Enables a user, or disables them and ends their sessions, in one step of a bounded size.
   *
   * @returns false if the user is unknown, or the terms are not met
   */
  setActive(id: string, active: boolean, event: AuditEvent, terms?: ChangeTerms): Promise<boolean>;
  /**
   * Removes the user and ends their sessions, in one step of a bounded size. The id is never given again.
   *
   * @returns false if the user is unknown, or the terms are not met
   */
  remove(id: string, event: AuditEvent, terms?: RemovalTerms): Promise<boolean>;
  /**
   * Records an event about a user whose row stays as it is.
   *
   * @returns false if the user is unknown, or the terms are not met
   */
  record(id: string, event: AuditEvent, terms?: Pick<ChangeTerms, "version">): Promise<boolean>;
}
