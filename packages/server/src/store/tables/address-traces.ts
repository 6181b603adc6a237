import { mostImportRows } from "../../core/people/user-import.ts";
import { type Step, step } from "../database.ts";
import { statement } from "../statement.ts";
import { linkEnding } from "./link-endings.ts";

const of = (text: string) => `lower(cast(${text} as text))`;
const ofUser = of("(select email from users where id = :userId)");

/** Invitations and sign-ups of the address of a user. Such a link names no user. */
export const signUpsToUser = `user_id is null and lower(email) = ${ofUser}`;

/** The mails of a user, and those to the address that name no user or another one. */
export const mailsOfUser = `user_id = :userId or lower(recipient) = ${ofUser}`;

const signUpsOf = linkEnding<{ email: string }>(`user_id is null and lower(email) = ${of(":email")}`);

// A fixed number of values, because both engines keep a statement by its text.
const emails = Array.from({ length: mostImportRows }, (_, n) => `email${n}`);
const signUpsOfMany = linkEnding<Readonly<Record<string, string>>>(
  `user_id is null and lower(email) in (${emails.map((name) => of(`:${name}`)).join(", ")})`,
);

// Others too get a link if they ask for the user's address, and it holds the address.
const linksNamingUser = linkEnding<{ userId: string }>(`lower(email) = ${ofUser} or invited_by = :userId`);

// Such a mail names no user, or another one.
const deleteMailsToAddress = statement<{ userId: string }>(`
  delete from outbox where (user_id is null or user_id != :userId) and lower(recipient) = ${ofUser}`);

const deleteMails = statement<{ userId: string }>("delete from outbox where user_id = :userId");

/**
 * Ends the invitations and sign-ups of an address that an account has now: one of them would be a second account after
 * the removal of the first.
 */
export function signedUpSteps(email: string): Step[] {
  return signUpsOf({ email });
}

/** The same for the addresses of an import, at most `mostImportRows`. */
export function importedSteps(addresses: readonly string[]): Step[] {
  return signUpsOfMany(Object.fromEntries(emails.map((name, n) => [name, addresses[n] ?? ""])));
}

/**
 * Ends every link to the address of a removed user, also those of others, the user's own invitations, and the mails that
 * others caused to the address. An erasure later cannot find them, because the address is gone with the row of the user,
 * which must be there now.
 */
export function forgetAddressSteps(userId: string): Step[] {
  return [...linksNamingUser({ userId }), step(deleteMailsToAddress, { userId })];
}

/** Deletes the mails that wait for an erased user. */
export function unmailingStep(userId: string): Step {
  return step(deleteMails, { userId });
}
