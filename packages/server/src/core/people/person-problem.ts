import type { ErrorCode } from "../errors.ts";
import { RefusedChange } from "../refused-change.ts";
import type { AddOutcome, User } from "./users.ts";

/** The codes of refused changes of a user. */
export type PersonProblemCode = Extract<
  ErrorCode,
  | "not_found"
  | "forbidden"
  | "username_taken"
  | "email_taken"
  | "last_administrator"
  | "precondition_failed"
  | "invalid_link"
  | "conflict"
  | "validation_error"
>;

/** The fields of a user that have rules. */
export type PersonField = "username" | "email" | "display_name" | "roles";

/** A refused change of a user. The message is one line for the caller. */
export class PersonProblem extends RefusedChange {
  readonly code: PersonProblemCode;
  /** The refused field, in the name of the wire. Undefined if the change as a whole is refused. */
  readonly field: PersonField | undefined;

  constructor(message: string, code: PersonProblemCode = "validation_error", field?: PersonField) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** A refused change after which Latchkey would have no active administrator. */
export class LastAdministratorProblem extends PersonProblem {
  constructor({ username }: Pick<User, "username">) {
    super(
      `${username} is the last active administrator: add or enable another one first`,
      "last_administrator",
    );
  }
}

/** @param name as the caller gave it */
export function unknownUser(name: string): PersonProblem {
  return new PersonProblem(`there is no user ${name}`, "not_found");
}

/** The refusal of a change for an older version of the user. */
export function changedMeanwhile({ username }: Pick<User, "username">): PersonProblem {
  return new PersonProblem(`${username} was changed meanwhile: read the user again`, "precondition_failed");
}

/** The refusal of a user that could not be added or renamed. */
export function notAdded(
  { username, email }: Pick<User, "username" | "email">,
  outcome: Exclude<AddOutcome, "added">,
): PersonProblem {
  switch (outcome) {
    case "username_taken":
      return new PersonProblem(`there is a user ${username} already`, outcome);
    case "email_taken":
      return new PersonProblem(`the e-mail address ${email} is taken`, outcome);
    case "id_taken":
      return new PersonProblem(`no id is free for ${username}: try again`, "conflict");
    case "outdated":
      return new PersonProblem("the link is used or expired: ask for a new one", "invalid_link");
  }
}
