import { randomBytes } from "node:crypto";
import type { Caller } from "../audit-events.ts";
import type { Passwords } from "../passwords/passwords.ts";
import { assertGoodPassword, type PasswordRules } from "../passwords/policy.ts";
import type { Accounts } from "../stories/sign-in.ts";
import { type Person, passwordContext } from "./person-rules.ts";

/** The parts of the check and hash of a new password. */
export interface NewPasswordParts {
  readonly accounts: Pick<Accounts, "nameOf" | "assertRoom">;
  readonly passwords: Passwords;
  readonly passwordRules: PasswordRules;
}

/** New passwords that users choose themselves. */
export interface NewPasswords {
  /**
   * Checks a new password and hashes it.
   *
   * @param person the owner: the names must not be the password
   * @throws {WeakPassword}
   * @throws {LatchkeyError} `overloaded`, `client_gone`
   */
  hash(
    password: string,
    person: Pick<Person, "username" | "email" | "displayName">,
    caller: Caller,
  ): Promise<string>;
}

/** The measure and the hash wait in queues that all share, each in the turn of its account. */
export function createNewPasswords({ accounts, passwords, passwordRules }: NewPasswordParts): NewPasswords {
  return {
    async hash(password, person, caller) {
      const name = accounts.nameOf(person.username);
      // Before the strength is measured, which is work too.
      accounts.assertRoom(name, caller);
      const requester = { ...caller, account: name.fingerprint };
      await assertGoodPassword(password, passwordContext(person), passwordRules, requester);
      return passwords.hash(password, requester);
    },
  };
}

/** A password of 256 random bits, for an account whose owner chooses another one by a link. It is hashed and forgotten. */
export function unknownPassword(): string {
  return randomBytes(32).toString("base64url");
}
