import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { FastifySchemaValidationError } from "fastify/types/schema.js";
import { type Issue, LatchkeyError } from "../core/errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads every body as bytes, whatever its content type. Fastify stops at the body limit. */
export function takeBodiesAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // With `optimizeEmptyRequests` the stream of an empty request has ended, without an event. A parser would wait for it.
  app.addHook("preParsing", (request, _reply, payload, done) => {
    const hasNoEvents = request.raw.readableEnded && request.headers["content-type"] !== undefined;
    done(null, hasNoEvents ? Readable.from([]) : payload);
  });
}

/** Removes the content type, for operations that ignore their body: no type of it is refused. */
export function forgetContentType(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  delete request.raw.headers["content-type"];
  done();
}

/** Parses the body as JSON. @throws {LatchkeyError} `bad_request` if it is something else */
export async function readJson(request: FastifyRequest): Promise<void> {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json" && !/^application\/[\w.+-]+\+json$/.test(type ?? "")) {
    throw new LatchkeyError("bad_request", { reason: "content type" });
  }
  request.body = parse(request.body);
}

function parse(body: unknown): unknown {
  if (!(body instanceof Uint8Array)) throw new LatchkeyError("bad_request", { reason: "no body" });
  try {
    const parsed: unknown = JSON.parse(utf8.decode(body));
    const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
    // Without a prototype, so that an inherited member never counts as sent.
    return isObject ? Object.setPrototypeOf(parsed, null) : parsed;
  } catch {
    // The parser's message quotes the body, so it is dropped.
    throw new LatchkeyError("bad_request", { reason: "not JSON" });
  }
}

/** The broken fields of a request. If only a choice of fields (`anyOf`) failed, it is one issue. */
export function issuesOf(errors: readonly FastifySchemaValidationError[], part?: string): Issue[] {
  const choices = errors.filter(({ schemaPath }) => schemaPath.includes("/anyOf/"));
  const faults = errors.filter((error) => error.keyword !== "anyOf" && !choices.includes(error));
  if (faults.length > 0 || choices.length === 0) return faults.map((error) => issueOf(error, part));
  const names = choices.map(({ params, instancePath }) =>
    String(params["missingProperty"] ?? instancePath.slice(1)),
  );
  return [{ loc: [part ?? "body", names[0] ?? ""], msg: `Send ${names.join(" or ")}`, type: "missing" }];
}

/** Each type of a field, with the issue of another value. */
const types: Readonly<Record<string, readonly [msg: string, type: string]>> = {
  integer: ["Input should be a valid integer", "int_type"],
  boolean: ["Input should be a valid boolean", "bool_type"],
  array: ["Input should be a valid list", "list_type"],
};

/** Each further rule of a field, with its issue. */
const rules: Readonly<
  Record<string, (error: FastifySchemaValidationError) => readonly [msg: string, type: string]>
> = {
  pattern: (error) => [`Input is not of the expected form${meaningOf(error)}`, "string_pattern_mismatch"],
  enum: ({ params }) => [`Input should be one of ${[params["allowedValues"]].flat().join(", ")}`, "enum"],
  minLength: () => ["Input is empty: give it a value, or leave it out", "string_too_short"],
  maxLength: ({ params }) => [`Input has more than ${params["limit"]} characters`, "string_too_long"],
};

/** The description of the field, in parentheses. The validator adds the schema of the field to an error. */
function meaningOf(error: FastifySchemaValidationError): string {
  const schema: unknown = Reflect.get(error, "parentSchema");
  if (typeof schema !== "object" || schema === null || !("description" in schema)) return "";
  return ` (${schema.description})`;
}

/** One broken field, in the form that the published clients read. It never holds the value that was sent. */
function issueOf(error: FastifySchemaValidationError, part = "body"): Issue {
  const { keyword, instancePath, params } = error;
  const path = instancePath.split("/").slice(1).map(unescapePointer);
  const isQuery = part === "querystring";
  const loc = [isQuery ? "query" : part, ...path];
  if (keyword === "required") {
    return { loc: [...loc, String(params["missingProperty"])], msg: "Field required", type: "missing" };
  }
  if (keyword === "additionalProperties") {
    return {
      loc: [...loc, String(params["additionalProperty"])],
      msg: isQuery ? "Unknown parameter" : "Unknown field",
      type: "extra_forbidden",
    };
  }
  // The value is a list.
  if (isQuery && keyword === "type")
    return { loc, msg: "Input was sent more than once", type: "string_type" };
  const [msg, type] = rules[keyword]?.(error) ?? types[String(params["type"])] ?? [];
  if (msg !== undefined && type !== undefined) return { loc, msg, type };
  if (path.length === 0) return { loc, msg: "Input should be a valid object", type: "object_type" };
  return { loc, msg: "Input should be a valid string", type: "string_type" };
}

/** All issues in one sentence. */
export function summaryOf(issues: readonly Issue[]): string {
  return issues.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; ");
}

/** RFC 6901 §4. */
function unescapePointer(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
