import type { TokenError } from "./token-error.ts";

// Internal to Latchkey's own packages: this subpath may change in any version.

/**
 * The bearer token of an `Authorization` header (RFC 6750 §2.1); undefined without a header or with another
 * scheme. Two joined headers give a text that every check refuses.
 */
export function bearerIn(header: string | null | undefined): string | undefined {
  if (header == null || header.slice(0, 7).toLowerCase() !== "bearer ") return undefined;
  return header.slice(7).trim() || undefined;
}

/** The part of a challenge that tells a client how to sign in. */
export interface SignInHint {
  /** Address of the protected resource's metadata (RFC 9728 §5.1). */
  readonly metadataUrl: string;
  /** Scopes to ask for at the sign-in. */
  readonly scopes: readonly string[];
}

/**
 * The `WWW-Authenticate` header of a refused call (RFC 6750 §3). Without a token it names the scheme alone;
 * otherwise `invalid_token`, or `insufficient_scope` with all scopes that the call needs.
 *
 * @returns undefined if another token would not help: a role is missing, or the guard could not check
 */
export function challengeOf(error: TokenError, hint?: SignInHint): string | undefined {
  if (error.code === "forbidden" || error.status === 503) return undefined;
  const attributes: string[] = [];
  if (error.code !== "missing_token") {
    const code = error.code === "insufficient_scope" ? error.code : "invalid_token";
    attributes.push(`error="${code}"`, `error_description="${error.message}"`);
  }
  // A scope from a rule cannot end the quotation. A scope of a TokenError made elsewhere could.
  const scopes = (error.status === 401 ? (hint?.scopes ?? []) : error.scopes).filter(isScope);
  if (scopes.length > 0) attributes.push(`scope="${scopes.join(" ")}"`);
  if (hint !== undefined) attributes.push(`resource_metadata="${hint.metadataUrl}"`);
  return attributes.length === 0 ? "Bearer" : `Bearer ${attributes.join(", ")}`;
}

/** Whether a value is a scope-token (RFC 6749 §3.3), which needs no escaping in a header. */
export function isScope(name: unknown): name is string {
  return typeof name === "string" && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name);
}

/** The body of a refusal, in the form of Latchkey's own errors: the message under two names, and the code. */
export function refusalBody({ message, code }: TokenError) {
  return { detail: message, message, code };
}

/** An answer of the guard itself, for any kind of HTTP server. */
export interface HttpAnswer {
  readonly status: number;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The HTTP response to a refused request (RFC 6750 §3). */
export class Refusal implements HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;

  constructor(error: TokenError, hint?: SignInHint) {
    const challenge = challengeOf(error, hint);
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
