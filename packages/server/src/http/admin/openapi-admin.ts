import type { FastifySchema } from "fastify";
import { type ErrorCode, type Issue, statusOf } from "../../core/errors.ts";
import type { Power } from "../../core/people/powers.ts";
import {
  always,
  bodyErrors,
  either,
  errors,
  header,
  limitReached,
  otherRefusals,
  ref,
  retryAfter,
  serverErrors,
  tokenRefused,
  unauthorized,
} from "../openapi-responses.ts";
import { longestCursor } from "./cursors.ts";

/** The successful answer of an operation. */
export interface AdminAnswer {
  readonly status?: 200 | 201 | 202;
  readonly description: string;
  readonly model: string;
  readonly example: object;
  /** Whether it has the `ETag` of what it shows. */
  readonly etag?: true;
}

/** An operation of the administration, for the document and the check of its callers. */
export interface AdminOperation {
  /** The operation id. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** The powers that its callers need, all of them. */
  readonly powers: readonly [Power, ...Power[]];
  /** The model of the body. */
  readonly body?: string;
  /** An example of a broken field. */
  readonly issue?: Issue;
  /** The parameters of the query. */
  readonly query?: Readonly<Record<string, object>>;
  readonly headers?: Readonly<Record<string, object>>;
  readonly answer: AdminAnswer;
  /** Its refusals besides those of every operation. */
  readonly refusals?: readonly ErrorCode[];
}

/** A filter. An empty one is refused: a script with an unset variable would get another list than it asked for. */
export const filterText = (maxLength: number) => ({ type: "string", minLength: 1, maxLength }) as const;

/** Query parameters of every page. */
export const pageQuery = {
  limit: {
    type: "string",
    pattern: "^(?:1000|[1-9][0-9]{0,2})$",
    description: "Most items of the page, 1 to 1000. Default: 100",
  },
  cursor: {
    type: "string",
    maxLength: longestCursor,
    description: "`next` of the page before, with the same filters",
  },
};

/** The header of a change under a condition. */
export const ifMatch = {
  "if-match": {
    type: "string",
    description: "The `ETag` that was read. After any change since, nothing is changed: 412",
  },
};

/** The header of a put that must add. */
export const ifNoneMatch = {
  "if-none-match": {
    type: "string",
    enum: ["*"],
    description: "`*`: if it is there already, nothing is changed: 412",
  },
};

/** The header of a creating request. */
export const idempotencyKey = {
  "idempotency-key": {
    type: "string",
    description:
      "A text of your choice, up to 255 characters. For 24 hours a repeat with the same body gets the first answer",
  },
};

const descriptions: Readonly<Record<number, string>> = {
  400: "The request is malformed",
  404: "Unknown path, or an unknown id",
  409: "The change contradicts the present state",
  412: "Changed since it was read",
  422: "The request is well-formed, but refused",
  429: "Too many requests",
};

const always401 = unauthorized(...tokenRefused, "missing_token");
const always5xx = serverErrors("overloaded", "provider_unavailable", "store_unavailable");
const unknownParameter: Issue = {
  loc: ["query", "serach"],
  msg: "Unknown parameter",
  type: "extra_forbidden",
};

/**
 * The part of a schema that requests are validated with. An unknown parameter is refused by every operation: a misspelt
 * filter would list everything.
 */
export function inputOf({ body, query = {} }: AdminOperation): FastifySchema {
  return {
    ...(body !== undefined && { body: ref(body) }),
    querystring: { type: "object", additionalProperties: false, properties: query },
  };
}

/** The whole schema of an operation, for the document. */
export function describeAdmin(operation: AdminOperation): FastifySchema {
  const { id, summary, description, powers, headers, answer } = operation;
  return {
    ...inputOf(operation),
    operationId: `admin_${id}`,
    summary,
    ...(description !== undefined && { description }),
    tags: ["Administration"],
    security: [{ HTTPBearer: [...powers] }],
    ...(headers !== undefined && { headers: { type: "object", properties: headers } }),
    response: { [answer.status ?? 200]: successOf(answer), ...refusalsOf(operation) },
  };
}

function successOf({ description, model, example, etag }: AdminAnswer) {
  return {
    description,
    headers: {
      ...always,
      "Cache-Control": header("no-store"),
      ...(etag && { ETag: header("The version of what is shown, for `If-Match`") }),
    },
    content: { "application/json": { schema: ref(model), examples: { example: { value: example } } } },
  };
}

/** The headers beside these codes that tell a caller when to come back. */
function headersOf(codes: readonly ErrorCode[]): object {
  if (codes.includes("rate_limited")) return limitReached;
  return codes.includes("request_in_progress") || codes.includes("rotation_too_early") ? retryAfter : {};
}

function refusalsOf({ body, query, issue, refusals = [] }: AdminOperation) {
  const given: readonly ErrorCode[] = [
    ...(body !== undefined ? (["bad_request"] as const) : []),
    ...(query !== undefined && "cursor" in query ? (["invalid_cursor"] as const) : []),
    "forbidden",
    "not_found",
    ...refusals,
  ];
  const statuses = new Set(given.map(statusOf));
  const byStatus = Object.fromEntries(
    [...statuses].map((status) => {
      const codes = [...new Set(given.filter((code) => statusOf(code) === status))];
      return [status, errors(descriptions[status] ?? "Refused", headersOf(codes), ...codes)];
    }),
  );
  const syntax = bodyErrors(issue ?? unknownParameter);
  return {
    ...always401,
    ...otherRefusals,
    ...always5xx,
    ...(body !== undefined && { 413: syntax[413] }),
    ...byStatus,
    403: errors("Authenticated, but not allowed", {}, ...given.filter((code) => statusOf(code) === 403)),
    422: either(syntax[422], byStatus[422]),
  };
}
