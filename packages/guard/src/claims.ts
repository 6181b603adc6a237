import { errors, type JWTPayload } from "jose";
import type { Principal } from "./guard.ts";
import { TokenError } from "./token-error.ts";

/**
 * Reads a principal from verified claims.
 *
 * @throws {TokenError} `invalid_token` where a claim that RFC 9068 §2.2 or Latchkey requires is absent
 */
export function readPrincipal(claims: JWTPayload): Principal {
  return Object.freeze({
    userId: text(claims, "sub"),
    username: text(claims, "preferred_username"),
    roles: Object.freeze(texts(claims["roles"])),
    scopes: Object.freeze(typeof claims["scope"] === "string" ? claims["scope"].split(" ") : []),
    sessionId: text(claims, "sid"),
    expiresAt: seconds(claims) * 1000,
    claims: Object.freeze(claims),
  });
}

/**
 * The refusal that a failed verification stands for. What is no verdict about the token, such as a key
 * store that could not be reached, comes back as it was.
 */
export function refusalOf(error: unknown): unknown {
  if (error instanceof TokenError) return error;
  if (error instanceof errors.JWTExpired) return new TokenError("token_expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenError("invalid_token", `claim ${error.claim}: ${error.reason}`);
  }
  if (error instanceof errors.JOSEError) return new TokenError("invalid_token", error.code);
  return error;
}

function text(claims: JWTPayload, name: string): string {
  const value = claims[name];
  if (typeof value !== "string" || value === "") throw new TokenError("invalid_token", `claim ${name}`);
  return value;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function seconds(claims: JWTPayload): number {
  if (typeof claims.exp !== "number") throw new TokenError("invalid_token", "claim exp");
  return claims.exp;
}
