import { LatchkeyError } from "../../core/errors.ts";
import type { Form } from "./form-body.ts";

/** The person's answer on the sign-in page. */
export type SignInForm =
  | { readonly decision: "allow"; readonly username: string; readonly password: string }
  | { readonly decision: "deny" };

/** Reads the form of the sign-in page. @throws {LatchkeyError} `invalid_request` if another form was sent */
export function signInFormOf(form: Form): SignInForm {
  const decision = form.get("decision");
  if (decision === "deny") return { decision };
  if (decision !== "allow") throw new LatchkeyError("invalid_request", { fault: "unknown form" });
  return { decision, username: form.get("username") ?? "", password: form.get("password") ?? "" };
}
