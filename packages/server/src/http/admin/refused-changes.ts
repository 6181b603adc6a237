import { LatchkeyError } from "../../core/errors.ts";
import { WeakPassword } from "../../core/passwords/password-problem.ts";
import { PersonProblem } from "../../core/people/person-problem.ts";
import { OvertakenChange, RefusedChange, UnknownSubject } from "../../core/refused-change.ts";

/** The answer to a change that the core refused. Undefined for any other error. */
export function refusalOf(error: unknown): LatchkeyError | undefined {
  if (error instanceof UnknownSubject) return new LatchkeyError("not_found");
  if (error instanceof OvertakenChange) return new LatchkeyError("conflict");
  if (error instanceof WeakPassword) return error.refusal;
  if (error instanceof PersonProblem && error.code !== "validation_error")
    return new LatchkeyError(error.code);
  if (!(error instanceof RefusedChange)) return undefined;
  return new LatchkeyError("validation_error", {
    issues: [{ loc: ["body"], msg: error.message, type: "value_error" }],
  });
}
