import { fieldsOf } from "./fields.ts";

/** A response, with its complete body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as text. */
  readonly body: string;
  /** The parsed body, or undefined if it is not JSON. */
  readonly data: unknown;
  /** Seconds to wait before a retry, if the server sent `Retry-After`. */
  readonly retryAfter: number | undefined;
  /** Passwords and tokens that were sent. Messages must not quote them. */
  readonly secrets: readonly string[];
}

/**
 * One validation error of a request.
 *
 * @example const issue: Issue = { loc: ["body", "username"], msg: "Field required", type: "missing" };
 */
export interface Issue {
  /** The path of the field, such as `["body", "username"]`. */
  readonly loc: readonly (string | number)[];
  /** The description, such as `Field required`. */
  readonly msg: string;
  /** The type of the error, such as `missing`. */
  readonly type: string;
}

/** Rebuilds the response, with an unread body. */
export function responseOf({ status, headers, body }: Answer): Response {
  // `Response` rejects the 0 of a redirect that a browser hides, and any status above 599.
  return new Response(body || null, { status: status < 200 || status > 599 ? 502 : status, headers });
}

/** The validation errors in the body of a 422. Missing or malformed parts become empty. */
export function issuesOf(data: unknown): readonly Issue[] {
  const { detail } = fieldsOf(data);
  if (!Array.isArray(detail)) return [];
  return detail.map(fieldsOf).map(({ loc, msg, type }) => ({
    loc: Array.isArray(loc) ? loc.filter((part) => typeof part === "string" || typeof part === "number") : [],
    msg: String(msg ?? ""),
    type: String(type ?? ""),
  }));
}
