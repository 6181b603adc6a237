import type { Principal } from "@latchkey/guard";
import type { User } from "../../core/ports.ts";

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

/** What a refresh token of a realm says of itself. Nothing of it is checked: the realm alone can. */
export interface RealmRefreshToken {
  readonly text: string;
  readonly sessionId: string;
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Keycloak answers a longer parameter with an error of its own, which would look as if it had failed. */
const maxLength = 4_000;

/** Reads a refresh token; undefined for a text that cannot be one. */
export function readRefreshToken(text: string): RealmRefreshToken | undefined {
  const payload = text.length > maxLength ? undefined : /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(text)?.[1];
  if (payload === undefined) return undefined;
  const { sid, sub, typ, exp } = read(payload);
  if (typeof sid !== "string" || typeof sub !== "string" || (typ !== "Refresh" && typ !== "Offline"))
    return undefined;
  return { text, sessionId: sid, userId: sub, expiresAt: typeof exp === "number" ? exp * 1000 : 0 };
}

function read(payload: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    return Object.assign(Object.create(null), typeof claims === "object" ? claims : undefined);
  } catch {
    return {};
  }
}
