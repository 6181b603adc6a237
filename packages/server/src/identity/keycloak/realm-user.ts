import type { Principal } from "@latchkey/guard";
import type { User } from "../../core/users.ts";

const users = new WeakMap<Principal, User>();

/** The user whom a verified token of the realm speaks for; the same object for the same token. */
export function realmUser(principal: Principal): User {
  const known = users.get(principal);
  if (known !== undefined) return known;
  const { userId, username, roles, claims } = principal;
  const text = (name: string) => (typeof claims[name] === "string" ? claims[name] : undefined);
  // The realm issues no token to somebody who is disabled.
  const user = {
    id: userId,
    username,
    email: text("email") ?? "",
    displayName: text("name") ?? null,
    active: true,
    roles,
  };
  users.set(principal, user);
  return user;
}

/**
 * Seconds that an access token was issued for. Both ends are by the realm's clock.
 *
 * @param principal whose `exp` was checked
 */
export function lifetimeOf({ claims, expiresAt }: Principal, now: number): number {
  const { iat } = claims;
  const from = typeof iat === "number" ? iat * 1000 : now;
  return Math.max(0, Math.floor((expiresAt - from) / 1000));
}
