import type { JWTPayload } from "jose";
import { own } from "./support/own-members.ts";
import { TokenError } from "./token-error.ts";

/** The signed-in user, read from the claims of a token that passed every check. */
export interface Principal {
  /** `sub`: the user's id, such as `user:alice`. */
  readonly userId: string;
  /** `preferred_username`, or the user's id if the issuer sends none. */
  readonly username: string;
  /**
   * `roles`. Without that claim: the roles of a Keycloak realm, and of the clients named in `authorizedParty` or
   * `audience`. The roles that Keycloak gives to everybody are left out.
   */
  readonly roles: readonly string[];
  /** `scope`, split at its spaces. */
  readonly scopes: readonly string[];
  /** `sid`: the session that the token belongs to. Undefined if the issuer has no sessions to end. */
  readonly sessionId: string | undefined;
  /** `exp`, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** All claims. Frozen on every level, because every call with the same token shares them. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The last second that a `Date` can hold. A later expiry would never come. */
const lastSecond = 8_640_000_000_000;

/**
 * Reads a principal from verified claims (RFC 9068 §2.2) and freezes them. Malformed roles and scopes count as
 * missing. A malformed session id is refused: its session could never be ended.
 *
 * @throws {TokenError} `invalid_token` if `sub`, `exp` or `sid` is malformed, or if any member of the claims is
 * called `__proto__`
 */
export function readPrincipal(claims: JWTPayload, clients: readonly string[] = []): Principal {
  const { sub, exp, scope, sid, preferred_username: username } = claims;
  if (!isText(sub)) throw new TokenError("invalid_token", "claim sub");
  if (typeof exp !== "number" || !(exp <= lastSecond)) throw new TokenError("invalid_token", "claim exp");
  if (sid !== undefined && !isText(sid)) throw new TokenError("invalid_token", "claim sid");
  freeze(claims);
  return Object.freeze({
    userId: sub,
    username: isText(username) ? username : sub,
    roles: texts(claims["roles"] ?? keycloakRoles(claims, clients)),
    scopes: typeof scope === "string" ? scopesOf(scope) : none,
    sessionId: sid,
    expiresAt: exp * 1000,
    claims,
  });
}

/**
 * The roles that a Keycloak realm put into a token: of the realm, and of the given clients. Roles that Keycloak
 * gives to everybody are left out, because they distinguish nobody.
 *
 * @param clients ids of the clients to read roles of
 */
function keycloakRoles(claims: JWTPayload, clients: readonly string[]): readonly string[] {
  const { realm_access: realm, resource_access: resources } = claims;
  // The roles of `account` are for Keycloak's own pages.
  const ids = clients.filter((client) => client !== "account");
  const ofClients = ids.flatMap((client) => rolesIn(own(resources, client)));
  const roles = new Set([...rolesIn(realm), ...ofClients]);
  const given = [...roles].filter(
    (role) => !/^(offline_access|uma_authorization|default-roles-.*)$/.test(role),
  );
  return Object.freeze(given);
}

function rolesIn(access: unknown): readonly string[] {
  return texts(own(access, "roles"));
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

const none: readonly string[] = Object.freeze([]);

/** A list of texts is returned as it is. Claims are frozen, and a copy for each of thousands costs memory. */
function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return none;
  return value.every(isString) ? value : Object.freeze(value.filter(isString));
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

let last = { scope: "", scopes: none };

/** Most tokens of an issuer have the same scope, so consecutive tokens share one list. */
function scopesOf(scope: string): readonly string[] {
  if (scope !== last.scope) {
    last = { scope, scopes: Object.freeze(scope.split(" ").filter((one) => one !== "")) };
  }
  return last.scopes;
}

/** Freezes every level in a loop, not by recursion: claims may be nested thousands deep. */
function freeze(claims: object): void {
  const found = [claims];
  for (const value of found) {
    // A program that copies such an object member by member would set the prototype of its copy.
    if (Object.hasOwn(value, "__proto__")) throw new TokenError("invalid_token", "claim __proto__");
    for (const member of Object.values(Object.freeze(value))) {
      if (typeof member === "object" && member !== null) found.push(member);
    }
  }
}
