import type { TokenError } from "./token-error.ts";

/**
 * The bearer token of an `Authorization` header (RFC 6750 §2.1); undefined where there is none or another
 * scheme's. Two headers that were joined give what no check takes for a token.
 */
export function bearerIn(header: string | null | undefined): string | undefined {
  if (header == null || header.slice(0, 7).toLowerCase() !== "bearer ") return undefined;
  return header.slice(7).trim() || undefined;
}

/**
 * What `WWW-Authenticate` says to a call that was turned away (RFC 6750 §3): no more than the scheme where
 * no token was sent, `invalid_token`, or `insufficient_scope` with all the scopes that the call needs.
 *
 * @param resourceMetadata address of the protected resource's metadata (RFC 9728 §5.1)
 * @returns undefined where more or other tokens would not help: a role is missing, or the guard cannot tell
 */
export function challengeOf(error: TokenError, resourceMetadata?: string): string | undefined {
  if (error.code === "forbidden" || error.status === 503) return undefined;
  const attributes: string[] = [];
  if (error.code !== "missing_token") {
    const code = error.code === "insufficient_scope" ? error.code : "invalid_token";
    attributes.push(`error="${code}"`, `error_description="${error.message}"`);
  }
  // Rules hold no scope that could end the quotation; an error that somebody else made might.
  const scopes = error.scopes.filter(isScope);
  if (scopes.length > 0) attributes.push(`scope="${scopes.join(" ")}"`);
  if (resourceMetadata !== undefined) attributes.push(`resource_metadata="${resourceMetadata}"`);
  return attributes.length === 0 ? "Bearer" : `Bearer ${attributes.join(", ")}`;
}

/** Whether it is a scope-token (RFC 6749 §3.3), which can stand in a header as it is. */
export function isScope(name: unknown): name is string {
  return typeof name === "string" && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name);
}

/** The body of a refusal, in the form of Latchkey's own errors: the message under two names, and the code. */
export function refusalBody({ message, code }: TokenError) {
  return { detail: message, message, code };
}

/** The HTTP response to a refused request (RFC 6750 §3), for any framework. */
export class Refusal {
  readonly status: number;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;

  /** @param resourceMetadata address of the protected resource's metadata (RFC 9728 §5.1) */
  constructor(error: TokenError, resourceMetadata?: string) {
    const challenge = challengeOf(error, resourceMetadata);
    this.status = error.status;
    this.headers = {
      "content-type": "application/json",
      "cache-control": "no-store",
      ...(challenge !== undefined && { "www-authenticate": challenge }),
      ...(error.retryAfter !== undefined && { "retry-after": String(error.retryAfter) }),
    };
    this.body = JSON.stringify(refusalBody(error));
  }
}
