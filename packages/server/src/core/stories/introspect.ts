import { isTokenRefusal } from "../errors.ts";
import type { SessionPrincipal, TokenCheck } from "./current-user.ts";

/** The claims of a live access token, under their names in an introspection response (RFC 7662 §2.2). */
export interface Introspection {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly client_id: string;
  /** Scopes, separated by spaces. It may be empty. */
  readonly scope: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  /** Seconds since the epoch. */
  readonly exp: number;
  readonly jti: string;
  readonly sid: string;
  readonly username: string;
  readonly roles: readonly string[];
}

export interface IntrospectParts {
  /** Checks an access token for any resource of this issuer. */
  readonly checkAny: TokenCheck;
}

/** @returns undefined if the token is not a live access token of this issuer */
export type Introspect = (token: string) => Promise<Introspection | undefined>;

/**
 * Introspection (RFC 7662) for resource servers that cannot verify access tokens themselves. A token of an ended
 * session is not live. A refresh token is of no use to a resource server, so it counts as unknown.
 */
export function createIntrospect({ checkAny }: IntrospectParts): Introspect {
  return async function introspect(token) {
    try {
      return introspectionOf(await checkAny(token));
    } catch (error) {
      if (isTokenRefusal(error)) return undefined;
      throw error;
    }
  };
}

/** Every token of this issuer has all of these claims. */
function introspectionOf({ userId, username, roles, sessionId, claims }: SessionPrincipal): Introspection {
  const { aud } = claims;
  return {
    iss: textOf(claims["iss"]),
    sub: userId,
    aud: Array.isArray(aud) ? aud.map(textOf) : textOf(aud),
    client_id: textOf(claims["client_id"]),
    scope: textOf(claims["scope"]),
    iat: Number(claims["iat"]),
    exp: Number(claims["exp"]),
    jti: textOf(claims["jti"]),
    sid: sessionId,
    username,
    roles,
  };
}

function textOf(claim: unknown): string {
  return typeof claim === "string" ? claim : "";
}
