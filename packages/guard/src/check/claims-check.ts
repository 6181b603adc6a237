import type { JWTPayload } from "jose";
import type { GuardSettings } from "../guard-options.ts";
import { isSameLoopback } from "../support/loopback.ts";
import { TokenError } from "../token-error.ts";
import type { ReportAudience } from "./audience-reports.ts";

/** The settings that claims are checked by. */
export type ClaimSettings = Pick<
  GuardSettings,
  "issuer" | "audience" | "authorizedParty" | "clockTolerance" | "now"
>;

/**
 * Checks the claims after the signature was verified: issuer, audience, authorised party and times (RFC 7519
 * §4.1, RFC 9068 §4).
 *
 * @param reportAudience called before a token for another audience is refused
 * @throws {TokenError} `token_expired`, or `invalid_token` with the name of the wrong claim
 */
export function assertClaims(
  claims: JWTPayload,
  settings: ClaimSettings,
  reportAudience?: ReportAudience,
): void {
  const { issuer, audience, authorizedParty, clockTolerance, now } = settings;
  if (claims.iss !== issuer) throw wrong("iss");
  if (audience !== undefined && !isMeantFor(claims.aud, audience)) {
    reportAudience?.(claims.aud, audience);
    throw wrong("aud");
  }
  if (authorizedParty !== undefined && !isIssuedTo(claims, authorizedParty)) throw wrong("azp");
  const second = Math.floor(now() / 1000);
  const tolerance = clockTolerance / 1000;
  timeIn(claims, "iat");
  const notBefore = timeIn(claims, "nbf");
  if (notBefore !== undefined && notBefore > second + tolerance) throw wrong("nbf");
  const expiry = timeIn(claims, "exp");
  if (expiry !== undefined && expiry <= second - tolerance) throw new TokenError("token_expired");
}

/**
 * Whether a token names one of the accepted audiences. The names of this machine count as one: a client that has
 * dialled `localhost` asks for a token for that name.
 */
function isMeantFor(aud: unknown, audience: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((one) => {
    if (typeof one !== "string") return false;
    return audience.includes(one) || audience.some((accepted) => isSameLoopback(accepted, one));
  });
}

/** Whether a token was issued to one of some clients: `azp` as Keycloak sends it, or RFC 9068's `client_id`. */
function isIssuedTo(claims: JWTPayload, clients: readonly string[]): boolean {
  const party = claims["azp"] ?? claims["client_id"];
  return typeof party === "string" && clients.includes(party);
}

function timeIn(claims: JWTPayload, name: "iat" | "nbf" | "exp"): number | undefined {
  const time: unknown = claims[name];
  if (time === undefined || typeof time === "number") return time;
  throw wrong(name);
}

function wrong(claim: string): TokenError {
  return new TokenError("invalid_token", `claim ${claim}`);
}
