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
