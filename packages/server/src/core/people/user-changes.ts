import type { Origin } from "../audit-events.ts";
import type { Power } from "./powers.ts";
import type { FoundPage, UserQuery } from "./user-search.ts";
import type { Alongside, LastAdministrator, User, UserRecord } from "./users.ts";

/** The caller of a change, and its conditions. */
export interface ChangeOptions {
  /** The origin of the audit events. */
  readonly by: Origin;
  /**
   * The powers of the caller. Without `roles:write`, roles cannot be set, and an account that administers Latchkey
   * cannot be changed. Default: all powers, as on the command line.
   */
  readonly held?: ReadonlySet<Power> | undefined;
  /** The version that the caller has read. Default: any. */
  readonly expectedVersion?: number | undefined;
  /** Whether the last active administrator can be lost. Default: `refuse`. */
  readonly last?: LastAdministrator | undefined;
}

/** A user to add. */
export interface NewPerson extends Pick<User, "username" | "email" | "displayName" | "roles"> {
  /** Default: a random one that nobody knows. A reset link leads to another one. */
  readonly password?: string | undefined;
  /** Default: false. */
  readonly emailVerified?: boolean | undefined;
  /** Default: false. */
  readonly mustChange?: boolean | undefined;
}

/** New values of a user. A value that is left out stays. */
export interface PersonChange {
  readonly username?: string | undefined;
  /** A new address is not verified, unless `emailVerified` says so. */
  readonly email?: string | undefined;
  readonly displayName?: string | null | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly emailVerified?: boolean | undefined;
  readonly mustChange?: boolean | undefined;
}

/**
 * User administration by user id, for HTTP, tools and commands. Each change is one commit: it compares the version,
 * changes the user and writes the audit event. When a promise resolves, the sessions that it ended are refused.
 *
 * The functions throw {PersonProblem} with a code, and {LatchkeyError} `forbidden` or `protected_account` if the
 * caller lacks a power.
 */
export interface UserChanges {
  /** @param name user name or e-mail address, in any spelling */
  byName(name: string): Promise<UserRecord>;
  byId(id: string): Promise<UserRecord>;
  search(query: UserQuery): Promise<FoundPage>;
  /** @param alongside a link that the new user uses up, and mails */
  add(person: NewPerson, options: ChangeOptions, alongside?: Alongside): Promise<UserRecord>;
  /** A change that changes nothing writes nothing. */
  change(id: string, change: PersonChange, options: ChangeOptions): Promise<UserRecord>;
  /** Ends every session of the user. */
  setPassword(
    id: string,
    password: string,
    options: ChangeOptions & { readonly mustChange?: boolean | undefined },
  ): Promise<UserRecord>;
  /** Disabling ends every session. A caller with an id of its own cannot disable itself. */
  setActive(id: string, active: boolean, options: ChangeOptions): Promise<UserRecord>;
  /** Removes the user for ever. */
  remove(id: string, options: ChangeOptions): Promise<void>;
  /**
   * Removes the user, if it was not removed before, and replaces id and addresses in the audit trail by a pseudonym.
   * The trail follows in the background.
   *
   * @returns the pseudonym
   */
  erase(id: string, options: ChangeOptions): Promise<string>;
  /** Forgets the failed sign-ins of the account, so that its owner can try again at once. */
  unlock(id: string, options: ChangeOptions): Promise<void>;
  /** @returns the number of sessions that were live */
  endSessions(id: string, options: ChangeOptions): Promise<number>;
  /**
   * Everything that Latchkey knows of the user: the parts of one JSON text, without secrets. A removed user is exported
   * until the erasure, and to callers with every power over accounts alone.
   */
  exportUser(id: string, options: Pick<ChangeOptions, "by" | "held">): Promise<AsyncIterable<string>>;
}
