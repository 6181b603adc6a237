import type { Principal } from "@latchkey/guard";
import type { User } from "../../core/people/users.ts";

const users = new WeakMap<Principal, User>();

/** The user in a verified token. The same principal gives the same object, so answers can be cached by it. */
export function realmUser(principal: Principal): User {
  const known = users.get(principal);
  if (known !== undefined) return known;
  const { userId, username, roles, claims } = principal;
  const text = (name: string) => (typeof claims[name] === "string" ? claims[name] : undefined);
  // Active, because the realm issues no tokens to a disabled user.
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

/** Lifetime of a verified access token in seconds, from its `iat`. Without one it counts from now. */
export function lifetimeOf({ claims, expiresAt }: Principal, now: number): number {
  const { iat } = claims;
  const from = typeof iat === "number" ? iat * 1000 : now;
  return Math.max(0, Math.floor((expiresAt - from) / 1000));
}

/** The claims of a refresh token, unchecked: only the realm has the key for its signature. */
export interface RealmRefreshToken {
  readonly text: string;
  readonly sessionId: string;
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Keycloak answers a longer parameter with an error that looks like an outage. In characters. */
const maxLength = 4_000;

/** Reads a refresh token. Undefined if the text has not the form of one. */
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
