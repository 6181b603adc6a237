import { randomBytes } from "node:crypto";
import { seal, unsealWithAny } from "../../core/tokens/key-sealing.ts";

/** The realm's tokens of a session that Latchkey opened for an OAuth client. */
export interface BrokeredTokens {
  /** The realm's session id. */
  readonly realmSessionId: string;
  readonly refreshToken: string;
  /** With which the realm ends the session. */
  readonly idToken: string;
}

/** The stored text of a session's tokens, taken apart. */
export interface StoredTokens {
  /** The claim of the replica that refreshes them now; `free` if none does. */
  readonly claim: string;
  readonly sealed: string;
}

/**
 * Writes and reads the stored text of a session's tokens: `claim.sealed`. The tokens are sealed, because the
 * refresh token is a credential. They are bound to the user, so tokens of two users cannot be swapped.
 */
export class BrokeredTokenSeal {
  readonly #keys: readonly [Buffer, ...Buffer[]];

  /** @param keys the first one seals, all open */
  constructor(keys: readonly [Buffer, ...Buffer[]]) {
    this.#keys = keys;
  }

  write(userId: string, { realmSessionId, refreshToken, idToken }: BrokeredTokens): string {
    const text = JSON.stringify([realmSessionId, refreshToken, idToken]);
    return stored({ claim: free, sealed: seal(Buffer.from(text), contextOf(userId), this.#keys[0]) });
  }

  /** @returns undefined if they were sealed with a secret that is gone */
  read(userId: string, text: string): BrokeredTokens | undefined {
    const opened = unsealWithAny(apart(text).sealed, contextOf(userId), this.#keys);
    if (opened === undefined) return undefined;
    const [realmSessionId, refreshToken, idToken]: [string, string, string] = JSON.parse(opened.toString());
    return { realmSessionId, refreshToken, idToken };
  }
}

/** The claim of tokens that no replica refreshes. */
export const free = "0";

/** Takes a stored text apart. */
export function apart(text: string): StoredTokens {
  const dot = text.indexOf(".");
  return { claim: text.slice(0, dot), sealed: text.slice(dot + 1) };
}

/** The stored text of sealed tokens. */
export function stored({ claim, sealed }: StoredTokens): string {
  return `${claim}.${sealed}`;
}

/** A new claim. It has no time: replicas' clocks differ. */
export function newClaim(): string {
  return randomBytes(9).toString("base64url");
}

function contextOf(userId: string): string {
  return `realm tokens of ${userId}`;
}
