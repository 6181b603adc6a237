import type { FastifySchemaValidationError } from "fastify/types/schema.js";
import type { Issue } from "../core/errors.ts";

/** A broken field as the published clients read it. It names the field and what belongs there, never the value. */
export function issueOf({ keyword, instancePath, params }: FastifySchemaValidationError): Issue {
  const path = instancePath.split("/").slice(1).map(unescapePointer);
  if (keyword === "required") {
    return {
      loc: ["body", ...path, String(params["missingProperty"])],
      msg: "Field required",
      type: "missing",
    };
  }
  if (path.length === 0) return { loc: ["body"], msg: "Input should be a valid object", type: "object_type" };
  return { loc: ["body", ...path], msg: "Input should be a valid string", type: "string_type" };
}

/** All issues in one sentence. */
export function summaryOf(issues: readonly Issue[]): string {
  return issues.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; ");
}

/** RFC 6901 §4. */
function unescapePointer(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
