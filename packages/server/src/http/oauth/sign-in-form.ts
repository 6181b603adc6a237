import { LatchkeyError } from "../../core/errors.ts";
import type { Form } from "./form-body.ts";

/** A form that allows a request. */
export interface AllowingForm {
  readonly decision: "allow";
  readonly username: string;
  readonly password: string;
  /** Whether the form had the fields of a new password. */
  readonly change: boolean;
}

/** The person's answer on the sign-in page. */
export type SignInForm = AllowingForm | { readonly decision: "deny" };

/** Reads the form of the sign-in page. @throws {LatchkeyError} `invalid_request` if another form was sent */
export function signInFormOf(form: Form): SignInForm {
  const decision = form.get("decision");
  if (decision === "deny") return { decision };
  if (decision !== "allow") throw new LatchkeyError("invalid_request", { fault: "unknown form" });
  const [username = "", password = ""] = [form.get("username"), form.get("password")];
  return { decision, username, password, change: form.has("change") };
}
