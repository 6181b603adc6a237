import type { FastifyRequest } from "fastify";
import type { ErrorCode, LatchkeyError } from "../../core/errors.ts";
import { hasBasic } from "./basic-credentials.ts";

/** The form of an error for OAuth clients (RFC 6749 §5.2, RFC 7591 §3.2.2). */
export interface OAuthError {
  readonly status: number;
  /** The member `error`. */
  readonly error: string;
}

/** Codes that the OAuth specifications define under the same name. */
const ownNames = [
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "invalid_scope",
  "invalid_target",
  "invalid_redirect_uri",
  "invalid_client_metadata",
  "unauthorized_client",
  "unsupported_grant_type",
  "unsupported_token_type",
  "unsupported_response_type",
  "access_denied",
  "interaction_required",
] as const satisfies readonly ErrorCode[];

/**
 * Codes that a later attempt may not meet. A client forgets its tokens after most other errors, and its person has to
 * sign in again. So a limit is 503 here, and not 429.
 */
const temporary: ReadonlySet<ErrorCode> = new Set([
  "rate_limited",
  "overloaded",
  "store_unavailable",
  "provider_unavailable",
  "client_document_unavailable",
]);

/** The one map from an error code to its OAuth error. */
export function oauthErrorOf({ code, status }: Pick<LatchkeyError, "code" | "status">): OAuthError {
  const own = ownNames.find((name) => name === code);
  if (own !== undefined) return { status, error: own };
  if (temporary.has(code)) return { status: 503, error: "temporarily_unavailable" };
  if (code === "invalid_guard_key") return { status, error: "invalid_client" };
  return { status, error: status >= 500 ? "server_error" : "invalid_request" };
}

/**
 * Whether a request is for the endpoints of the authorization server, or for a path beside them. A request with a route
 * goes by its pattern: the id of a client in a path may be a URL with this segment.
 */
export function isForOAuth({ url, routeOptions }: Pick<FastifyRequest, "url" | "routeOptions">): boolean {
  const [path = ""] = (routeOptions.url ?? url).split(/[?#]/, 1);
  return /\/oauth(?:\/|$)/.test(decodedPath(path));
}

/** The path as the router reads it. One that cannot be decoded stays as it is. */
function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * The challenge of a 401 under `/oauth`. A client that used Basic gets one of the same scheme (RFC 6749 §5.2). A client
 * that sent its secret in the body gets none.
 *
 * @returns undefined if the header is left out
 */
export function oauthChallenge({ code }: LatchkeyError, request: FastifyRequest): string | undefined {
  if (hasBasic(request)) return 'Basic realm="Latchkey", charset="UTF-8"';
  return code === "invalid_guard_key" ? "Bearer" : undefined;
}

/** A sentence in the characters of `error_description` (RFC 6749 §5.2): ASCII without quotes and backslashes. */
export function descriptionOf(sentence: string): string {
  return sentence.normalize("NFKC").replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");
}
