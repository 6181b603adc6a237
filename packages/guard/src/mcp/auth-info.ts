import { bearerIn } from "../bearer.ts";
import type { Principal } from "../principal.ts";
import { own } from "../support/own-members.ts";
import { HeldToken } from "./held-token.ts";

/** The name of the held token in the `extra` of {@link AuthInfo}. */
const heldAs = "latchkeyToken";

/** The SDK's record of the sender of a request, with the members that the guard reads and writes. */
export interface AuthInfo {
  token: string;
  clientId: string;
  scopes: string[];
  expiresAt?: number;
  resource?: URL;
  resourceMetadataUrl?: string;
  extra?: Record<string, unknown>;
}

/** The record of a caller that the HTTP gate has verified. Code that reads it does not find the token's text. */
export function authInfoOf(
  { principal, token }: { readonly principal: Principal; readonly token: HeldToken },
  resource: URL,
  { metadataUrl }: { readonly metadataUrl: string },
): AuthInfo {
  const { client_id: client, azp } = principal.claims;
  return {
    token: "",
    clientId: [client, azp].find((id) => typeof id === "string") ?? principal.userId,
    scopes: [...principal.scopes],
    expiresAt: Math.floor(principal.expiresAt / 1000),
    resource: new URL(resource),
    resourceMetadataUrl: metadataUrl,
    extra: { principal, [heldAs]: token },
  };
}

/**
 * All tokens that came with an HTTP request: held by guardMcp, put in `authInfo` by the SDK's own middleware, or still
 * in the header.
 */
export function bearersOf(authInfo: unknown, authorization: string | null | undefined): HeldToken[] {
  const bearers: HeldToken[] = [];
  const held = own(own(authInfo, "extra"), heldAs);
  if (held instanceof HeldToken) bearers.push(held);
  const token = own(authInfo, "token");
  if (typeof token === "string" && token !== "") bearers.push(new HeldToken(token));
  const inHeader = bearerIn(authorization);
  if (inHeader !== undefined) bearers.push(new HeldToken(inHeader));
  return bearers;
}
