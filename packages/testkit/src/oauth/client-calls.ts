import { createHash, randomBytes } from "node:crypto";
import { type Answer, send } from "../server/auth-calls.ts";

/** The redirect URI of every client. */
export const redirectUri = "http://127.0.0.1:4321/callback";

/** A code, with all that its client needs to redeem it. */
export interface Code {
  readonly code: string;
  readonly verifier: string;
}

/** Registers a public client. @returns its id */
export async function registerClient(url: string): Promise<string> {
  const answer = await send(`${url}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      redirect_uris: [redirectUri],
      client_name: "Notes",
      token_endpoint_auth_method: "none",
    }),
  });
  const id = answer.body["client_id"];
  if (typeof id !== "string") throw new Error(`no client: ${answer.status} ${answer.text}`);
  return id;
}

/** The query of an authorization request (RFC 6749 §4.1.1) with PKCE (RFC 7636 §4.3). */
export function authorizationQuery(clientId: string, verifier: string): URLSearchParams {
  return new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state: "a state",
  });
}

/**
 * A person signs in on the page and allows a client.
 *
 * @param issuer the origin of the page, which a browser names
 * @returns the code; undefined if the answer holds none
 */
export async function allowClient(
  url: string,
  issuer: string,
  clientId: string,
  person: { readonly username: string; readonly password: string },
): Promise<Code | undefined> {
  const verifier = randomBytes(32).toString("base64url");
  const query = authorizationQuery(clientId, verifier);
  const { text } = await send(`${url}/oauth/authorize?${query}`, {
    method: "POST",
    headers: { origin: new URL(issuer).origin },
    body: new URLSearchParams({ ...person, decision: "allow" }),
  });
  const [, code] = /[?&;]code=([\w-]+)/.exec(text) ?? [];
  return code === undefined ? undefined : { code, verifier };
}

/** Redeems a code. */
export function redeemCode(url: string, clientId: string, { code, verifier }: Code): Promise<Answer> {
  return postForm(`${url}/oauth/token`, {
    grant_type: "authorization_code",
    client_id: clientId,
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  });
}

/** Refreshes a client's session. */
export function refreshClient(url: string, clientId: string, refreshToken: string): Promise<Answer> {
  return postForm(`${url}/oauth/token`, {
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token: refreshToken,
  });
}

/** Revokes a token of a client. */
export function revokeToken(url: string, clientId: string, token: string): Promise<Answer> {
  return postForm(`${url}/oauth/revoke`, { client_id: clientId, token });
}

function postForm(url: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  return send(url, { method: "POST", body: new URLSearchParams(fields) });
}
