import { LatchkeyError } from "../errors.ts";
import { emailProblem } from "../passwords/account-names.ts";
import { PersonProblem } from "./person-problem.ts";
import { spelledName } from "./person-spelling.ts";

/**
 * The spelling of a typed address that is stored and written to.
 *
 * @throws {LatchkeyError} `validation_error` if it is not an address
 */
export function typedEmail(typed: string): string {
  const email = spelledName(typed);
  const problem = emailProblem(email);
  if (problem !== undefined) throw fieldProblem("email", problem);
  return email;
}

/** The address of the mailbox behind a sub-address (RFC 5233): most mail servers deliver `alice+shop@` to `alice@`. */
export function mailboxOf(email: string): string {
  return email.replace(/^([^+]+)\+.*(?=@)/, "$1");
}

/** The refusal of one field. @param problem why, as one sentence that begins in lower case */
export function fieldProblem(field: string, problem: string, type = "value_error"): LatchkeyError {
  return new LatchkeyError("validation_error", { issues: [{ loc: ["body", field], msg: problem, type }] });
}

/** @throws {LatchkeyError} `validation_error` with the sentence of a {PersonProblem} */
export function accepted<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PersonProblem)) throw error;
    throw new LatchkeyError("validation_error", {
      issues: [{ loc: ["body"], msg: error.message, type: "value_error" }],
    });
  }
}
