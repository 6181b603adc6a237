import type { User } from "./users.ts";

// The stored spelling of what a caller typed. Commands, HTTP, imports and links share it, so all of them store the same.

/** A user name or an e-mail address. */
export function spelledName(typed: string): string {
  return typed.normalize("NFKC").trim();
}

/** A display name. A blank one becomes null: a page would show an empty space in its place. */
export function spelledDisplayName(typed: string | null): string | null {
  return typed === null || blank.test(typed) ? null : typed.trim();
}

/** White space, and the letters that have no ink: Braille's blank and the fillers of Hangul. */
const blank = /^[\s\p{Z}\u2800\u115f\u1160\u3164\uffa0]*$/u;

/** Roles: each once, in the order in which they were given. */
export function spelledRoles(roles: readonly string[]): readonly string[] {
  return [...new Set(roles)];
}

/** The names and roles of a user. */
export function spelledPerson<Person extends Pick<User, "username" | "email" | "displayName" | "roles">>(
  person: Person,
): Person {
  return {
    ...person,
    username: spelledName(person.username),
    email: spelledName(person.email),
    displayName: spelledDisplayName(person.displayName),
    roles: spelledRoles(person.roles),
  };
}
