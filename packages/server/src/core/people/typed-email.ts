import { LatchkeyError } from "../errors.ts";
import { emailProblem } from "../passwords/account-names.ts";

/**
 * The spelling of a typed address that is stored and written to.
 *
 * @throws {LatchkeyError} `validation_error` if it is not an address
 */
export function typedEmail(typed: string): string {
  const email = typed.normalize("NFKC").trim();
  const problem = emailProblem(email);
  if (problem !== undefined) throw fieldProblem("email", problem);
  return email;
}

/** The refusal of one field. @param problem why, as one sentence that begins in lower case */
export function fieldProblem(field: string, problem: string): LatchkeyError {
  return new LatchkeyError("validation_error", {
    issues: [{ loc: ["body", field], msg: problem, type: "value_error" }],
  });
}
