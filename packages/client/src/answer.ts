import { fieldsOf } from "./fields.ts";

/** What a server said, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came. */
  readonly body: string;
  /** The body where it is JSON. */
  readonly data: unknown;
  /** Seconds after which another try makes sense, where the server said so. */
  readonly retryAfter: number | undefined;
  /** What was sent and must not come back in a message. */
  readonly secrets: readonly string[];
}

/**
 * One thing that is wrong with a request.
 *
 * @example const issue: Issue = { loc: ["body", "username"], msg: "Field required", type: "missing" };
 */
export interface Issue {
  /** Where, such as `["body", "username"]`. */
  readonly loc: readonly (string | number)[];
  /** What is wrong. */
  readonly msg: string;
  /** What kind of thing is wrong, such as `missing`. */
  readonly type: string;
}

/** The response as it came, to be read once more. */
export function responseOf({ status, headers, body }: Answer): Response {
  // A redirect that a browser hides, and a status that there is none of, cannot be given back.
  return new Response(body || null, { status: status < 200 || status > 599 ? 502 : status, headers });
}

/** What a server finds wrong with a request, as far as it says so. */
export function issuesOf(data: unknown): readonly Issue[] {
  const { detail } = fieldsOf(data);
  if (!Array.isArray(detail)) return [];
  return detail.map(fieldsOf).map(({ loc, msg, type }) => ({
    loc: Array.isArray(loc) ? loc.filter((part) => typeof part === "string" || typeof part === "number") : [],
    msg: String(msg ?? ""),
    type: String(type ?? ""),
  }));
}

/** Replaces secrets that a text quotes. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, "…"), text);
}
