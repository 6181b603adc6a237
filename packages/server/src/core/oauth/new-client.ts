import { rolesProblem } from "../people/person-rules.ts";
import type { ClientCredential } from "./client.ts";
import { isDocumentUrl } from "./client-document.ts";
import { shownName } from "./client-name.ts";
import { isAcceptable, maxRedirectUri } from "./redirect-uris.ts";
import { isScope, longestScope } from "./scopes.ts";

/** How a new client will prove its identity. A secret is made for it. */
export type NewProof =
  | Exclude<ClientCredential, { readonly kind: "secret" }>
  | { readonly kind: "new_secret" };

/** A client that an operator wants to add. */
export interface NewClient {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly proof: NewProof;
  /** Whether it gets tokens for itself (client credentials). */
  readonly machine: boolean;
  /** Roles and scopes of those tokens. */
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

/** The most redirect URIs of a client. */
const mostRedirectUris = 50;

/** Why a client cannot be added, in one line. Undefined if it can be. */
export function problemOf(client: NewClient): string | undefined {
  const { name, redirectUris, proof, machine, roles, scopes } = client;
  if (shownName(name) !== name)
    return "the name of a client has up to 100 characters, and none of them may be invisible";
  if (redirectUris.length === 0 && !machine)
    return "a client needs a redirect URI, or client credentials for tokens of its own";
  if (redirectUris.length > mostRedirectUris) return `a client has at most ${mostRedirectUris} redirect URIs`;
  const bad = redirectUris.find((uri) => !isAcceptable(uri));
  if (bad !== undefined)
    return `the redirect URI ${bad} is not accepted: use https://, http:// at localhost, 127.0.0.1 or [::1], or the scheme of an application, with at most ${maxRedirectUri} characters and no fragment`;
  if (machine && proof.kind === "none")
    return "client credentials need a secret or a public key: without one, anybody could get its tokens";
  if (!machine && (roles.length > 0 || scopes.length > 0))
    return "roles and scopes are those of client credentials: a person's own roles count in other tokens";
  if (proof.kind === "key_address" && !isDocumentUrl(proof.url))
    return "the address of a key set is an https:// URL on port 443, without user and fragment";
  return rolesProblem(roles) ?? scopesProblem(scopes);
}

/** Why scopes are refused, in one line. */
export function scopesProblem(scopes: readonly string[]): string | undefined {
  const bad = scopes.find((scope) => !isScope(scope));
  if (bad !== undefined)
    return `"${bad}" is not a scope: a scope has up to 100 ASCII characters without blanks, " and \\, and openid and offline_access have no meaning here`;
  const length = scopes.join(" ").length;
  return length > longestScope
    ? `the scopes have ${length} characters, and ${longestScope} fit into a token`
    : undefined;
}
