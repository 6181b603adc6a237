import type { JWTPayload } from "jose";
import { TokenError } from "./token-error.ts";

/** Who a token speaks for, read from claims whose signature, issuer, audience and expiry were checked. */
export interface Principal {
  /** `sub`: the user's id, such as `user:alice`. */
  readonly userId: string;
  /** `preferred_username`; the user's id where the issuer names none. */
  readonly username: string;
  /**
   * `roles`; where there is no such claim, those of a Keycloak realm and of the clients that the guard was told of
   * as `authorizedParty` or `audience`, without what Keycloak gives to everybody.
   */
  readonly roles: readonly string[];
  /** `scope`, taken apart. */
  readonly scopes: readonly string[];
  /** `sid`: the session that the token belongs to. Undefined where the issuer has none to end. */
  readonly sessionId: string | undefined;
  /** `exp`, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** All that the token says. Frozen all the way down, because every call with the same token gets it. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The last second that a `Date` can hold: what expires later never does. */
const lastSecond = 8_640_000_000_000;

/**
 * Reads a principal from verified claims (RFC 9068 §2.2) and freezes them. Roles and scopes that are not what
 * they should be give nothing; a session that cannot be read would be one that cannot be ended, so it is
 * refused.
 *
 * @throws {TokenError} `invalid_token` where `sub` is no text, `exp` no time, or `sid` there but no text, and
 * where something in the claims is called `__proto__`
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
 * The roles that a Keycloak realm put into a token: of the realm, and of some clients. Left out are those that
 * Keycloak itself gives to everybody, because they say nothing of whom it is.
 *
 * @param clients whose roles count beside those of the realm
 */
function keycloakRoles(claims: JWTPayload, clients: readonly string[]): readonly string[] {
  const { realm_access: realm, resource_access: resources } = claims;
  // Those of `account` are for Keycloak's own pages.
  const own = clients.filter((client) => client !== "account");
  const ofClients = own.flatMap((client) => rolesIn(ownMember(resources, client)));
  const roles = new Set([...rolesIn(realm), ...ofClients]);
  const given = [...roles].filter(
    (role) => !/^(offline_access|uma_authorization|default-roles-.*)$/.test(role),
  );
  return Object.freeze(given);
}

function rolesIn(access: unknown): readonly string[] {
  return texts(ownMember(access, "roles"));
}

function ownMember(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

const none: readonly string[] = Object.freeze([]);

/** What is a list of texts already is taken as it is: claims are frozen, and thousands are remembered. */
function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return none;
  return value.every(isString) ? value : Object.freeze(value.filter(isString));
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

let last = { scope: "", scopes: none };

/** Most tokens of an issuer have the same scope, so they share one list. */
function scopesOf(scope: string): readonly string[] {
  if (scope !== last.scope) {
    last = { scope, scopes: Object.freeze(scope.split(" ").filter((one) => one !== "")) };
  }
  return last.scopes;
}

/** Level by level and not by recursion: whoever signs may nest claims thousands deep. */
function freeze(claims: object): void {
  const found = [claims];
  for (const value of found) {
    // Copied member by member, as programs do, it would become the prototype of the copy.
    if (Object.hasOwn(value, "__proto__")) throw new TokenError("invalid_token", "claim __proto__");
    for (const member of Object.values(Object.freeze(value))) {
      if (typeof member === "object" && member !== null) found.push(member);
    }
  }
}
