import type { ImportedUser } from "../../src/core/people/imported-user.ts";

/** The fields of a row that names no more than an address. */
export function importedUser(email: string, more: Partial<ImportedUser> = {}): ImportedUser {
  return {
    id: undefined,
    username: undefined,
    email,
    emailVerified: false,
    displayName: null,
    roles: undefined,
    disabled: false,
    passwordHash: undefined,
    createdAt: undefined,
    mustChangePassword: false,
    ...more,
  };
}
