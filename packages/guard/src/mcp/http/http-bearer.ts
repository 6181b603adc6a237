import { bearerIn } from "../../bearer.ts";
import { HeldToken } from "../held-token.ts";
import { isObject, own } from "../objects.ts";

/** Where {@link authInfoOf} keeps the token: in `extra`, under this name. */
const heldAs = "latchkeyToken";

/** What the SDK knows of who sent a request, as far as this module reads and writes it. */
export interface AnyAuthInfo {
  token: string;
  clientId: string;
  scopes: string[];
  expiresAt?: number;
  resource?: URL;
  resourceMetadataUrl?: string;
  extra?: Record<string, unknown>;
}

/** Takes note of a token that came in a header. Nobody who reads it finds the token. */
export function withHeldToken(authInfo: AnyAuthInfo, token: HeldToken): AnyAuthInfo {
  return { ...authInfo, token: "", extra: { ...authInfo.extra, [heldAs]: token } };
}

/**
 * All tokens that came with an HTTP request: held by guardMcp, put in `authInfo` by the SDK's own
 * middleware, or still in the header.
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
