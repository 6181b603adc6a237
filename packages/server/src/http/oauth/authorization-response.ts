import type { LatchkeyError } from "../../core/errors.ts";
import { oauthErrorOf } from "./oauth-errors.ts";

/** The receiver of an authorization response, as the client named it in its request. */
export interface ResponseTarget {
  readonly redirectUri: string;
  readonly state: string | undefined;
}

/** The outcome of an authorization request, for the client. */
export type ResponseResult = { readonly code: string } | { readonly refusal: LatchkeyError };

/**
 * The redirect URI with an authorization response: a code, or an error (RFC 6749 §4.1.2). By `iss`
 * a client of several servers knows the sender (RFC 9207). The redirect URI stays as it was registered, byte by byte.
 */
export function authorizationResponse(
  issuer: string,
  { redirectUri, state }: ResponseTarget,
  result: ResponseResult,
): string {
  const parameters = new URLSearchParams(
    "code" in result
      ? { code: result.code }
      : { error: oauthErrorOf(result.refusal).error, error_description: result.refusal.message },
  );
  if (state !== undefined) parameters.set("state", state);
  parameters.set("iss", issuer);
  return `${redirectUri}${redirectUri.includes("?") ? "&" : "?"}${parameters}`;
}
