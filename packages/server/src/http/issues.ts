import type { FastifySchemaValidationError } from "fastify/types/schema.js";
import type { Issue } from "../core/errors.ts";

/** The broken fields of a request. A choice of fields (`anyOf`) that has no other fault is one issue. */
export function issuesOf(errors: readonly FastifySchemaValidationError[], part?: string): Issue[] {
  const choices = errors.filter(({ schemaPath }) => schemaPath.includes("/anyOf/"));
  const faults = errors.filter((error) => error.keyword !== "anyOf" && !choices.includes(error));
  if (faults.length > 0 || choices.length === 0) return faults.map((error) => issueOf(error, part));
  const names = choices.map(({ params, instancePath }) =>
    String(params["missingProperty"] ?? instancePath.slice(1)),
  );
  return [{ loc: [part ?? "body", names[0] ?? ""], msg: `Send ${names.join(" or ")}`, type: "missing" }];
}

/** A broken field as the published clients read it. It names the field and what belongs there, never the value. */
function issueOf(
  { keyword, instancePath, params }: FastifySchemaValidationError,
  part: string = "body",
): Issue {
  const place = part === "querystring" ? "query" : part;
  const path = instancePath.split("/").slice(1).map(unescapePointer);
  if (keyword === "required") {
    return {
      loc: [place, ...path, String(params["missingProperty"])],
      msg: "Field required",
      type: "missing",
    };
  }
  if (keyword === "pattern") {
    return {
      loc: [place, ...path],
      msg: "Input is not of the expected form",
      type: "string_pattern_mismatch",
    };
  }
  if (path.length === 0) return { loc: [place], msg: "Input should be a valid object", type: "object_type" };
  return { loc: [place, ...path], msg: "Input should be a valid string", type: "string_type" };
}

/** All issues in one sentence. */
export function summaryOf(issues: readonly Issue[]): string {
  return issues.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; ");
}

/** RFC 6901 §4. */
function unescapePointer(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
