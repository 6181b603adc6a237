import type { JWTPayload } from "jose";
import { TokenError } from "./token-error.ts";

/** Who a token speaks for, read from claims whose signature, issuer, audience and expiry were checked. */
export interface Principal {
  /** `sub`: the user's id, such as `user:alice`. */
  readonly userId: string;
  /** `preferred_username`; the user's id where the issuer names none. */
  readonly username: string;
  /** `roles`, or a Keycloak realm's `realm_access.roles`. */
  readonly roles: readonly string[];
  /** `scope`, taken apart. */
  readonly scopes: readonly string[];
  /** `sid`: the session that the token belongs to. Undefined where the issuer has none to end. */
  readonly sessionId: string | undefined;
  /** `exp`, in milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Reads a principal from verified claims (RFC 9068 §2.2).
 *
 * @throws {TokenError} `invalid_token` where `sub` or `exp` is absent or no text, no number
 */
export function readPrincipal(claims: JWTPayload): Principal {
  const { sub, exp, scope, sid, preferred_username: username, realm_access: realm } = claims;
  if (typeof sub !== "string" || sub === "") throw new TokenError("invalid_token", "claim sub");
  if (typeof exp !== "number") throw new TokenError("invalid_token", "claim exp");
  const realmRoles = typeof realm === "object" && realm !== null && "roles" in realm ? realm.roles : [];
  return Object.freeze({
    userId: sub,
    username: typeof username === "string" && username !== "" ? username : sub,
    roles: Object.freeze(texts(claims["roles"] ?? realmRoles)),
    scopes: Object.freeze(typeof scope === "string" ? scope.split(" ").filter((one) => one !== "") : []),
    sessionId: typeof sid === "string" && sid !== "" ? sid : undefined,
    expiresAt: exp * 1000,
    claims: Object.freeze(claims),
  });
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
