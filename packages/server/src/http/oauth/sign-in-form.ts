import type { FastifyRequest } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";

/** The person's answer on the sign-in page. */
export type SignInForm =
  | { readonly decision: "allow"; readonly username: string; readonly password: string }
  | { readonly decision: "deny" };

/** Reads the form of the sign-in page. @throws {LatchkeyError} `invalid_request` if another form was sent */
export function readSignInForm({ headers, body }: FastifyRequest): SignInForm {
  const [type] = (headers["content-type"] ?? "").split(";", 1);
  if (type?.trim().toLowerCase() !== "application/x-www-form-urlencoded" || !(body instanceof Uint8Array)) {
    throw new LatchkeyError("invalid_request", { reason: "content type" });
  }
  const fields = new URLSearchParams(new TextDecoder().decode(body));
  const value = (name: string) => {
    const [first = "", ...others] = fields.getAll(name);
    if (others.length > 0) throw new LatchkeyError("invalid_request", { reason: `${name} twice` });
    return first;
  };
  const decision = value("decision");
  if (decision === "deny") return { decision };
  if (decision !== "allow") throw new LatchkeyError("invalid_request", { reason: "decision" });
  return { decision, username: value("username"), password: value("password") };
}
