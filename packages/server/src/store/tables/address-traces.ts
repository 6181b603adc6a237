import { type Step, step } from "../database.ts";
import { statement } from "../statement.ts";

const of = (text: string) => `lower(cast(${text} as text))`;
const ofUser = of("(select email from users where id = :userId)");

/** Invitations and sign-ups of the address of a user. Such a link names no user. */
export const signUpsOfUser = `user_id is null and lower(email) = ${ofUser}`;

/** The mails of a user, and those to the address that name no user or another one. */
export const mailsOfUser = `user_id = :userId or lower(recipient) = ${ofUser}`;

const deleteSignUps = statement<{ email: string }>(`
  delete from links where user_id is null and lower(email) = ${of(":email")}`);

const deleteSignUpsOfUser = statement<{ userId: string }>(`
  delete from links where ${signUpsOfUser}`);

const deleteMails = statement<{ userId: string }>(`
  delete from outbox where ${mailsOfUser}`);

/** Ends the other invitations of a new user: one of them would be a second account after the removal of the first. */
export function signedUpStep(email: string): Step {
  return step(deleteSignUps, { email });
}

/** Ends the invitations of a removed user. The row of the user must be there. */
export function uninvitingStep(userId: string): Step {
  return step(deleteSignUpsOfUser, { userId });
}

/** Deletes the mails that wait for an erased user. The row of the user may be there. */
export function unmailingStep(userId: string): Step {
  return step(deleteMails, { userId });
}
