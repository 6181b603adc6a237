import { bearerIn } from "../bearer.ts";
import { HeldToken } from "./held-token.ts";
import { isObject, own } from "./objects.ts";

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

/** Adds a header's token. Code that reads the record does not find the token's text. */
export function withHeldToken(authInfo: AuthInfo, token: HeldToken): AuthInfo {
  return { ...authInfo, token: "", extra: { ...authInfo.extra, [heldAs]: token } };
}

/**
 * All tokens that came with an HTTP request: held by guardMcp, put in `authInfo` by the SDK's own middleware, or still
 * in the header.
 */
export function bearersOf(authInfo: unknown, authorization: string | null | undefined): HeldToken[] {
  const bearers: HeldToken[] = [];
  if (isObject(authInfo)) {
    const extra = own(authInfo, "extra");
    const held = isObject(extra) ? own(extra, heldAs) : undefined;
    if (held instanceof HeldToken) bearers.push(held);
    const token = own(authInfo, "token");
    if (typeof token === "string" && token !== "") bearers.push(new HeldToken(token));
  }
  const inHeader = bearerIn(authorization);
  if (inHeader !== undefined) bearers.push(new HeldToken(inHeader));
  return bearers;
}
