import { LatchkeyError } from "../../core/errors.ts";
import { RefusedKeys } from "../../core/oauth/public-keys.ts";
import { WeakPassword } from "../../core/passwords/password-problem.ts";
import { PersonProblem } from "../../core/people/person-problem.ts";
import { OutdatedState, OvertakenChange, RefusedChange, UnknownSubject } from "../../core/refused-change.ts";

/** The answer to a change that the core refused. Undefined for any other error. */
export function refusalOf(error: unknown): LatchkeyError | undefined {
  if (error instanceof UnknownSubject) return new LatchkeyError("not_found");
  if (error instanceof OvertakenChange) return new LatchkeyError("conflict");
  if (error instanceof OutdatedState) return new LatchkeyError("precondition_failed");
  if (error instanceof WeakPassword) return error.refusal;
  if (error instanceof PersonProblem) return refusalOfPerson(error);
  if (error instanceof RefusedKeys) return brokenBody(error.message, "jwks");
  if (!(error instanceof RefusedChange)) return undefined;
  return brokenBody(error.message);
}

function refusalOfPerson({ code, field, message }: PersonProblem): LatchkeyError {
  if (code === "validation_error") return brokenBody(message, field);
  // The other messages repeat names.
  return new LatchkeyError(code, code === "forbidden" ? { fault: message } : {});
}

function brokenBody(msg: string, field?: string): LatchkeyError {
  const loc = field === undefined ? ["body"] : ["body", field];
  return new LatchkeyError("validation_error", { issues: [{ loc, msg, type: "value_error" }] });
}
