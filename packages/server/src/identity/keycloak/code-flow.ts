import * as oidc from "openid-client";
import type { Travel } from "./sign-in-travel.ts";

/** The same scopes as those of Latchkey's own access tokens. */
export const realmScope = "openid profile email";

/** The redirect URI at the realm, and the sign-in that travels there. */
export interface CodeRequest extends Pick<Travel, "state" | "nonce" | "verifier"> {
  readonly redirectUri: string;
  readonly loginHint?: string | undefined;
}

/** The address of the realm's own sign-in page (OpenID Connect Core 1.0 §3.1.2.1, RFC 7636). */
export async function authorizationUrl(client: oidc.Configuration, request: CodeRequest): Promise<string> {
  const { redirectUri, state, nonce, verifier, loginHint } = request;
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: redirectUri,
    scope: realmScope,
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(loginHint !== undefined && { login_hint: loginHint }),
  });
  return url.href;
}

/**
 * Trades the realm's code for tokens. The library checks the ID token's issuer, audience, times and nonce, and sends
 * the verifier.
 *
 * @param issuer of the realm
 */
export function redeemCode(client: oidc.Configuration, code: string, issuer: string, request: CodeRequest) {
  const { redirectUri, state, nonce, verifier } = request;
  const answer = new URL(redirectUri);
  answer.search = new URLSearchParams({ code, state, iss: issuer }).toString();
  return oidc.authorizationCodeGrant(client, answer, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
  });
}

/** Whether the ID token belongs to another sign-in: its nonce is another one. The library wraps its reason twice. */
export function isForeignNonce(error: unknown): boolean {
  const reason = causeOf(causeOf(error));
  return typeof reason === "object" && reason !== null && Reflect.get(reason, "claim") === "nonce";
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/** The outcome of a request to the authorization endpoint that shows no page. */
export type SilentOutcome = "accepted" | "standard_flow_off" | "redirect_uri_unknown" | "failed";

/**
 * Reads the answer to a request with `prompt=none`. The realm checks the redirect URI first, with a page of its own,
 * and then whether the standard flow is on. Without a browser session it answers `login_required`.
 */
export function silentOutcome({ status, headers }: Response, redirectUri: string): SilentOutcome {
  if (status === 400) return "redirect_uri_unknown";
  const location = URL.parse(headers.get("location") ?? "");
  if (location === null || !location.href.startsWith(redirectUri)) return "failed";
  const error = location.searchParams.get("error");
  if (error === "unauthorized_client") return "standard_flow_off";
  return error === "login_required" || error === "interaction_required" ? "accepted" : "failed";
}
