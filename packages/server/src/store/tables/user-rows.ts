import { displayKeyOf } from "../../core/passwords/account-names.ts";
import {
  administratorRole,
  type ChangedUser,
  type LocalUser,
  type NewUser,
} from "../../core/people/users.ts";
import { textsIn } from "./json-texts.ts";

/** A row of `users` of a local user. */
export interface UserRow extends Omit<LocalUser, "active" | "roles" | "mustChangePassword"> {
  /** 0 or 1. */
  readonly active: number;
  /** A JSON array. */
  readonly roles: string;
  /** 0 or 1. */
  readonly mustChangePassword: number;
}

/** All columns of a row. */
export const userColumns = `users.id, users.username, users.email, users.display_name as "displayName", users.roles,
  users.password_hash as "passwordHash", users.active, users.revision, users.created_at as "createdAt",
  users.version, users.must_change_password as "mustChangePassword",
  users.password_changed_at as "passwordChangedAt", users.last_login_at as "lastLoginAt",
  users.email_verified_at as "emailVerifiedAt"`;

/** A row with an issuer is a person of a realm, see `realm-people.ts`. No statement with this condition finds it. */
export const isLocal = "users.removed = 0 and users.issuer is null";

/** Whether a row is an active administrator. Roles are a JSON array of words that need no escape. */
export const isAdministrator = (row: string) =>
  `${row}.active = 1 and ${row}.removed = 0 and ${row}.issuer is null and ${row}.roles != replace(${row}.roles, '"${administratorRole}"', '')`;

/** The columns of a new or changed user, without the keys of its names. */
export interface WrittenUser
  extends Omit<ChangedUser, "roles" | "mustChangePassword" | "usernameKey" | "emailKey"> {
  readonly roles: string;
  readonly displayKey: string | null;
  readonly mustChangePassword: number;
}

/** Those columns. */
export function writtenUser({
  roles,
  mustChangePassword = false,
  emailVerifiedAt = null,
  ...user
}: ChangedUser | NewUser): WrittenUser {
  const { id, username, email, displayName } = user;
  return {
    ...{ id, username, email, displayName },
    roles: JSON.stringify(roles),
    displayKey: displayName === null ? null : displayKeyOf(displayName),
    mustChangePassword: mustChangePassword ? 1 : 0,
    emailVerifiedAt,
  };
}

/** The user in a row. Each member is read by its name, as in `sessionIn`. */
export function localUserOf(row: UserRow): LocalUser {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    displayName: row.displayName,
    roles: textsIn(row.roles),
    passwordHash: row.passwordHash,
    active: row.active === 1,
    revision: row.revision,
    createdAt: row.createdAt,
    version: row.version,
    mustChangePassword: row.mustChangePassword === 1,
    passwordChangedAt: row.passwordChangedAt,
    lastLoginAt: row.lastLoginAt,
    emailVerifiedAt: row.emailVerifiedAt,
  };
}
