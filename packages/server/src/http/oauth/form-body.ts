import type { FastifyRequest } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";

/** The parameters of a form, by name. A parameter without a value is left out (RFC 6749 §3.2). */
export type Form = ReadonlyMap<string, string>;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses the body as a form (RFC 6749 Appendix B). It replaces `request.body` by a {@link Form}.
 *
 * @throws {LatchkeyError} `invalid_request` for another type, or a parameter that was sent twice; `invalid_target` for
 * several resources, because a token has one
 */
export async function readForm(request: FastifyRequest): Promise<void> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded" || !(request.body instanceof Uint8Array)) {
    throw new LatchkeyError("invalid_request", {
      fault: "send a body of the type application/x-www-form-urlencoded",
    });
  }
  request.body = formOf(textOf(request.body));
}

function textOf(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new LatchkeyError("invalid_request", { fault: "the body is not UTF-8" });
  }
}

function formOf(text: string): Form {
  const sent = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === "resource" && sent.has(name)) {
      throw new LatchkeyError("invalid_target", { fault: "send one resource" });
    }
    if (sent.has(name)) throw new LatchkeyError("invalid_request", { fault: "a parameter was sent twice" });
    sent.set(name, value);
  }
  for (const [name, value] of sent) if (value === "") sent.delete(name);
  return sent;
}

/** A parameter that a request needs. @throws {LatchkeyError} `invalid_request` if it is missing */
export function required(form: Form, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new LatchkeyError("invalid_request", { fault: `${name} is missing` });
  return value;
}
